import { describe, expect, test } from "bun:test";
import { z } from "zod";
import {
  InvalidInputError,
  InvalidOptionError,
  type JobHandle,
  Nuvom,
  type ScheduleHandle,
  task,
} from "../src/index.ts";
import { VirtualClock } from "./support/clock.ts";

/** Compiles only if the two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;

const report = task("report", {
  input: z.object({ city: z.string() }),
  queue: "reports",
  retry: { attempts: 4 },
  run: ({ city }) => city.length,
});
const city = { city: "Rome" };
const hour = 3_600_000;

const plant = () => new Nuvom({ storage: "memory:", clock: new VirtualClock(0) });

describe("schedule", () => {
  test("is typed by what it is given: a job for once, a schedule for again and again", async () => {
    const nuvom = plant();
    const once = await nuvom.schedule(report, city, { in: "1h" });
    const again = await nuvom.schedule(report, city, { every: "1h" });
    const checks: [Same<typeof once, JobHandle<number>>, Same<typeof again, ScheduleHandle<number>>] = [
      true,
      true,
    ];
    expect(checks).toEqual([true, true]);
  });

  test("once adds a job as enqueue does", async () => {
    const nuvom = plant();
    const later = await nuvom.schedule(report, city, { in: "1h", key: "k" });
    expect(await later.get()).toMatchObject({ runAt: hour, queue: "reports", key: "k", maxAttempts: 4 });
    expect((await nuvom.schedule(report, city, { at: new Date(hour), key: "k" })).id).toBe(later.id);
    expect(await nuvom.schedules()).toEqual([]);
  });

  test("again and again adds a schedule with the options of the task, or those that it is given", async () => {
    const nuvom = plant();
    const plain = await nuvom.schedule(report, city, { every: "1h" });
    expect(await plain.get()).toMatchObject({
      queue: "reports",
      nextRunAt: hour,
      definition: {
        project: null,
        made: 0,
        template: { task: "report", priority: "normal", maxAttempts: 4 },
      },
    });
    const options = { id: "mine", queue: "q", priority: "low", attempts: 9, timeout: "5s" } as const;
    const own = await nuvom.schedule(report, city, { cron: "@daily", ...options });
    expect(own.id).toBe("mine");
    expect(await own.get()).toMatchObject({
      queue: "q",
      definition: { template: { queue: "q", priority: "low", maxAttempts: 9, timeout: 5_000 } },
    });
  });

  test("names a schedule by its task and input", async () => {
    const nuvom = plant();
    const first = await nuvom.schedule(report, city, { every: "1h" });
    expect((await nuvom.schedule(report, { city: "Rome" }, { every: "2h" })).id).toBe(first.id);
    expect((await nuvom.schedule(report, { city: "Oslo" }, { every: "2h" })).id).not.toBe(first.id);
    expect(await nuvom.schedules()).toHaveLength(2);
  });

  const wrong: [object, string][] = [
    [{}, "it does not say when"],
    [{ every: "5m", cron: "* * * * *" }, "every and cron are given"],
    [{ at: new Date(0), in: 5 }, "at and in are given"],
    [{ every: "5m", id: "" }, "id must be a text"],
    [{ every: "5m", attempts: 0 }, "attempts"],
    [{ every: "5m", key: "k" }, '"key"'],
    [{ every: 0 }, "every"],
    [{ cron: "0 0 30 2 *" }, "0 0 30 2 *"],
    [{ cron: "* * * * * *" }, "seconds"],
    [{ cron: "@daily", tz: "Mars/Phobos" }, "Mars/Phobos"],
    [{ every: "5m", tz: "UTC" }, "tz"],
    [{ every: "5m", limit: 0 }, "limit"],
    [{ at: "tomorrow" }, "Date"],
  ];
  test.each(wrong)("refuses %p", async (when, problem) => {
    const nuvom = plant();
    const call = nuvom.schedule(report, city, when as never);
    await expect(call).rejects.toBeInstanceOf(InvalidOptionError);
    await expect(call).rejects.toThrow(problem);
    await expect(call).rejects.toThrow('task "report"');
    expect(await nuvom.schedules()).toEqual([]);
  });

  test("refuses an input that does not fit", async () => {
    const call = plant().schedule(report, { city: 5 } as never, { every: "1h" });
    await expect(call).rejects.toBeInstanceOf(InvalidInputError);
  });
});

describe("a definition", () => {
  test("may carry a schedule", () => {
    const when = { cron: "0 9 * * *", tz: "Europe/Rome", overlap: "skip" } as const;
    expect(task("t", { ...when, run: () => 1 }).definition.recurring).toEqual(when);
    expect(task("t", { run: () => 1 }).definition.recurring).toBeUndefined();
    expect(
      task("t", { every: "1d", endAt: new Date("2020-01-01"), run: () => 1 }).definition.recurring,
    ).toBeDefined();
  });

  test.each([
    [{ every: "5m", cron: "@daily" }, "every"],
    [{ tz: "UTC" }, "every"],
    [{ cron: "61 * * * *" }, "61 * * * *"],
    [{ every: "5m", overlap: "perhaps" }, "overlap"],
  ])("is refused with %p, by the name of its task", (when, problem) => {
    const define = () => task("t", { ...when, run: () => 1 } as never);
    expect(define).toThrow(problem);
    expect(define).toThrow('task "t"');
  });
});

describe("a handle", () => {
  test("tells the next occurrences", async () => {
    const schedule = await plant().schedule(report, city, { every: "1h", limit: 3 });
    expect(await schedule.next()).toEqual([new Date(hour), new Date(2 * hour), new Date(3 * hour)]);
    expect(await schedule.next(1)).toEqual([new Date(hour)]);
  });

  test("may be paused and resumed twice", async () => {
    const schedule = await plant().schedule(report, city, { every: "1h" });
    for (const step of ["pause", "pause", "resume", "resume"] as const) await schedule[step]();
    expect(await schedule.get()).toMatchObject({ paused: false, nextRunAt: hour });
  });

  test("of no schedule says so", async () => {
    const none = plant().getSchedule("none");
    for (const use of [
      () => none.get(),
      () => none.next(),
      () => none.pause(),
      () => none.resume(),
      () => none.runNow(),
    ]) {
      await expect(use()).rejects.toThrow('there is no schedule "none"');
    }
    await expect(none.change({ every: "1h" })).rejects.toThrow('there is no schedule "none"');
    expect(await none.remove()).toBe(false);
  });
});
