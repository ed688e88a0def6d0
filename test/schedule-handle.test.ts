import { describe, expect, test } from "bun:test";
import { InvalidOptionError, Nuvom, task } from "../src/index.ts";
import { VirtualClock } from "./support/clock.ts";

const report = task("report", ({ city }: { city: string }) => city.length);
const city = { city: "Rome" };
const hour = 3_600_000;

const plant = (clock = new VirtualClock(0)) => new Nuvom({ storage: "memory:", clock });

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

  test("leaves out the occurrences of a pause", async () => {
    const clock = new VirtualClock(0);
    const schedule = await plant(clock).schedule(report, city, { every: "1h" });
    await schedule.pause();
    expect(await schedule.next(1)).toEqual([new Date(hour)]);
    await clock.advance(5 * hour);
    await schedule.resume();
    expect(await schedule.next(1)).toEqual([new Date(6 * hour)]);
  });

  test("changes the rule and leaves the rest", async () => {
    const schedule = await plant().schedule(report, city, { every: "1h", jitter: "5s", queue: "q" });
    const before = await schedule.get();
    await schedule.pause();
    await schedule.change({ cron: "0 9 * * *", tz: "Europe/Rome", limit: 2 });
    const { definition, ...after } = await schedule.get();
    expect(after).toMatchObject({ id: schedule.id, queue: "q", paused: true, nextRunAt: 8 * hour });
    expect(definition).toMatchObject({
      recurrence: { rule: { cron: "0 9 * * *", tz: "Europe/Rome" }, limit: 2, jitter: 0 },
      template: before.definition.template,
    });
    expect(await schedule.next()).toEqual([new Date(8 * hour), new Date(32 * hour)]);
  });

  test("keeps its rule if the change is refused", async () => {
    const schedule = await plant().schedule(report, city, { every: "1h", id: "mine" });
    const before = await schedule.get();
    const wrong: [object, string][] = [
      [{ every: "1h", cron: "@daily" }, "every and cron are both given"],
      [{ every: "2h", queue: "q" }, "there is no option queue, only every, cron, tz"],
      [{ every: 0 }, "every: must be at least 1 millisecond"],
    ];
    for (const [when, problem] of wrong) {
      const call = schedule.change(when as never);
      await expect(call).rejects.toBeInstanceOf(InvalidOptionError);
      await expect(call).rejects.toThrow(`schedule "mine": ${problem}`);
    }
    expect(await schedule.get()).toEqual(before);
  });

  test("adds a job out of turn, paused or not, and stays as it is", async () => {
    const clock = new VirtualClock(0);
    const schedule = await plant(clock).schedule(report, city, { every: "1h", priority: "low" });
    await schedule.pause();
    const before = await schedule.get();
    await clock.advance(5);
    const job = await (await schedule.runNow()).get();
    expect(job).toMatchObject({ task: "report", runAt: 5, priority: "low", schedule: schedule.id });
    expect(job.scheduledFor).toBeNull();
    expect(await schedule.get()).toEqual(before);
  });

  test("removes the schedule once, and not its jobs", async () => {
    const nuvom = plant();
    const schedule = await nuvom.schedule(report, city, { every: "1h" });
    const job = await schedule.runNow();
    expect(await schedule.remove()).toBe(true);
    expect(await schedule.remove()).toBe(false);
    expect(await nuvom.schedules()).toEqual([]);
    expect(await job.state()).toBe("pending");
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
