import { describe, expect, test } from "bun:test";
import { z } from "zod";
import {
  InvalidInputError,
  InvalidOptionError,
  type JobHandle,
  Nuvom,
  type ScheduleHandle,
  task,
  useClient,
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

  test("is typed the same on the task itself, which uses the shared client", async () => {
    const nuvom = useClient(plant());
    const once = await report.schedule(city, { at: new Date(hour) });
    const again = await report.schedule(city, { cron: "@daily" });
    const checks: [Same<typeof once, JobHandle<number>>, Same<typeof again, ScheduleHandle<number>>] = [
      true,
      true,
    ];
    expect(checks).toEqual([true, true]);
    expect(await nuvom.job(once.id).get()).toMatchObject({ task: "report", runAt: hour, schedule: null });
    expect(await nuvom.schedules()).toMatchObject([{ id: again.id, nextRunAt: 24 * hour }]);
  });

  test("refuses by its types what it would refuse when it runs", () => {
    const calls = () => [
      // @ts-expect-error: it does not say when
      report.schedule(city, {}),
      // @ts-expect-error: the input does not fit
      report.schedule({ city: 5 }, { every: "1h" }),
      // @ts-expect-error: a key is for a job
      report.schedule(city, { every: "1h", key: "k" }),
      // @ts-expect-error: an id is for a schedule
      report.schedule(city, { in: "1h", id: "mine" }),
    ];
    expect(calls).toBeFunction();
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

  test("names it alike whatever the order of the input's properties, and by all of its values", async () => {
    const nuvom = plant();
    const anything = task("anything", (input: unknown) => input);
    const id = async (input: unknown) => (await nuvom.schedule(anything, input, { every: "1h" })).id;
    const [a, b] = [
      { x: 1, y: [{ p: 1, q: 2 }] },
      { y: [{ q: 2, p: 1 }], x: 1 },
    ];
    expect(await id(a)).toBe(await id(b));
    const others = [
      undefined,
      null,
      [1, 2],
      [2, 1],
      { x: [1] },
      { x: 1 },
      { y: 1 },
      new Date(0),
      new Date(1),
    ];
    const ids = await Promise.all(others.map(id));
    expect(new Set(ids).size).toBe(others.length);
    const namesake = task("namesake", (input: unknown) => input);
    expect((await nuvom.schedule(namesake, null, { every: "1h" })).id).not.toBe(await id(null));
  });

  test("again with the same id changes the schedule and keeps what it has done", async () => {
    const nuvom = plant();
    const schedule = await nuvom.schedule(report, city, { every: "1h", id: "mine" });
    await schedule.pause();
    await nuvom.schedule(report, { city: "Oslo" }, { every: "2h", id: "mine", queue: "q" });
    expect(await nuvom.schedules()).toMatchObject([
      { id: "mine", queue: "q", paused: true, nextRunAt: 2 * hour, definition: { made: 0 } },
    ]);
  });

  test("names every option that there is when it is given another", async () => {
    const call = plant().schedule(report, city, { every: "1h", colour: "red" } as never);
    const options = "id, queue, priority, attempts, timeout, every, cron, tz, startAt, endAt, limit, jitter";
    await expect(call).rejects.toThrow(
      `task "report": there is no option "colour", only ${options}, catchUp, overlap`,
    );
  });

  test.each([
    [undefined, "it does not say when"],
    [null, "it does not say when"],
    ["5m", "it does not say when"],
    [{}, "it does not say when"],
    [{ in: 5, every: "5m" }, "in and every are given"],
    [{ at: new Date(0), in: 5, every: "5m", cron: "@daily" }, "at and in and every and cron are given"],
  ])("shows each of the four ways to say when it is given %p", async (when, problem) => {
    await expect(plant().schedule(report, city, when as never)).rejects.toThrow(
      `task "report": ${problem}: give one of { at: new Date("2038-01-19T03:14:07Z") }, { in: "10m" }, ` +
        '{ every: "5m" } and { cron: "0 9 * * MON-FRI", tz: "Europe/Rome" }',
    );
  });

  const wrong: [object, string][] = [
    [{}, "it does not say when"],
    [{ every: "5m", cron: "* * * * *" }, "every and cron are given"],
    [{ at: new Date(0), in: 5 }, "at and in are given"],
    [{ every: "5m", id: "" }, "id must be a text"],
    [{ every: "5m", id: 5 }, "id must be a text"],
    [{ every: "5m", id: "half \ud83d" }, "id must be a text"],
    [{ every: "5m", queue: "" }, "options.queue"],
    [{ every: "5m", priority: "urgent" }, "options.priority"],
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
    const nuvom = plant();
    for (const when of [{ every: "1h" }, { in: "1h" }] as const) {
      const call = nuvom.schedule(report, { city: 5 } as never, when as { every: "1h" });
      await expect(call).rejects.toBeInstanceOf(InvalidInputError);
      await expect(call).rejects.toThrow('task "report": input.city: ');
    }
    expect(await nuvom.schedules()).toEqual([]);
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
    [{ every: "5m", cron: "@daily" }, "every and cron are both given"],
    [{ tz: "UTC" }, "neither every nor cron is given"],
    [{ limit: 3 }, "neither every nor cron is given"],
    [{ every: "5m", tz: "UTC" }, "tz: is for cron only"],
    [{ every: "soon" }, 'every: "soon" is not a duration'],
    [
      { every: "5m", id: "mine" },
      'there is no option "id", only input, queue, priority, retry, timeout, keep',
    ],
    [{ at: new Date(0) }, "every, cron, tz, startAt, endAt, limit, jitter, catchUp, overlap"],
    [{ cron: "61 * * * *" }, "61 * * * *"],
    [{ every: "5m", overlap: "perhaps" }, "overlap"],
  ])("is refused with %p, by the name of its task", (when, problem) => {
    const define = () => task("t", { ...when, run: () => 1 } as never);
    expect(define).toThrow(problem);
    expect(define).toThrow('task "t"');
  });
});
