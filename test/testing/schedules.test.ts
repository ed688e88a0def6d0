import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { InvalidInputError, task } from "../../src/index.ts";
import { type TestJob, testNuvom } from "../../src/testing/index.ts";

const start = "2026-03-28T00:00:00Z";
const report = task("schedules.report", (city: string) => city);
const daily = task("schedules.daily", {
  cron: "30 2 * * *",
  tz: "Europe/Rome",
  run: (_: unknown, { scheduledFor }) => [new Date(), new Date(scheduledFor!)],
});
const often = task("schedules.often", { every: "1h", limit: 30, run: () => {} });
let gate = Promise.withResolvers<void>();
let began = () => {};
const long = task("schedules.long", {
  timeout: "none",
  async run(_: unknown, { signal }) {
    began();
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => aborted.reject(signal.reason));
    await Promise.race([gate.promise, aborted.promise]);
  },
});

const timesOf = (jobs: readonly TestJob[]) =>
  jobs.map(({ startedAt }) => startedAt!.toISOString().slice(8, 16));

describe("a schedule", () => {
  test("with an interval makes a job at each of its times", async () => {
    await using nuvom = testNuvom({ now: start });
    const schedule = await report.schedule("Rome", { every: "5h" });
    expect(timesOf(await nuvom.advance("1d"))).toEqual(["28T05:00", "28T10:00", "28T15:00", "28T20:00"]);
    const at = { schedule: schedule.id, scheduledFor: new Date("2026-03-28T05:00Z"), result: "Rome" };
    expect((await nuvom.jobs(report))[0]).toMatchObject(at);
    expect((await schedule.next(1))[0]).toEqual(new Date("2026-03-29T01:00Z"));
  });

  test("with cron follows the clocks of its time zone", async () => {
    await using nuvom = testNuvom({ now: start });
    await report.schedule("Rome", { cron: "30 2 * * *", tz: "Europe/Rome" });
    // On the 29th there is no half past two in Rome: it comes an hour later.
    expect(timesOf(await nuvom.advance("3d"))).toEqual(["28T01:30", "29T01:30", "30T00:30"]);
  });

  test("in the definition of a task runs if the task is given, and no other", async () => {
    await using nuvom = testNuvom({ now: start, tasks: [daily, report] });
    const [first] = await nuvom.advance("1d");
    const at = new Date("2026-03-28T01:30Z");
    expect(first).toMatchObject({ task: "schedules.daily", schedule: "schedules.daily", result: [at, at] });
    expect((await nuvom.schedules()).map(({ id }) => id)).toEqual(["schedules.daily"]);
    expect(await nuvom.jobs(often)).toEqual([]);
  });

  test("in a definition whose task cannot be called without an input is an error", async () => {
    const wrong = task("schedules.wrong", {
      every: "1h",
      input: z.object({ to: z.string() }),
      run: () => {},
    });
    await using nuvom = testNuvom({ tasks: [wrong] });
    await expect(nuvom.advance("1h")).rejects.toBeInstanceOf(InvalidInputError);
  });

  test("ends with its limit", async () => {
    await using nuvom = testNuvom({ tasks: [often] });
    expect(await nuvom.advance("10w")).toHaveLength(30);
  });

  test("can be paused, resumed, run out of turn and removed", async () => {
    await using nuvom = testNuvom({ now: start });
    const schedule = await report.schedule("Rome", { every: "1h" });
    await schedule.pause();
    expect(await nuvom.advance("3h")).toEqual([]);
    expect(await (await schedule.runNow()).result()).toBe("Rome");
    await schedule.resume();
    expect(timesOf(await nuvom.advance("1h"))).toEqual(["28T04:00"]);
    await schedule.remove();
    expect(await nuvom.advance("1d")).toEqual([]);
  });

  test("has no jitter", async () => {
    await using nuvom = testNuvom({ now: start });
    await report.schedule("Rome", { every: "6h", jitter: "1h" });
    expect(timesOf(await nuvom.advance("12h"))).toEqual(["28T06:00", "28T12:00"]);
  });

  test("of a year takes a moment", async () => {
    await using nuvom = testNuvom({ now: start, tasks: [daily] });
    const began = performance.now();
    expect(await nuvom.advance("365d")).toHaveLength(365);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe("occurrences that were missed while no worker ran", () => {
  test.each([
    ["one", ["28T10:00"]],
    ["all", ["28T03:00", "28T06:00", "28T09:00"]],
    ["none", []],
  ] as const)("are made up for by %s", async (catchUp, occurrences) => {
    await using nuvom = testNuvom({ now: start });
    await report.schedule("Rome", { every: "3h", catchUp });
    nuvom.skip("10h");
    const ran = await nuvom.runDue();
    const expected = catchUp === "one" ? ["28T09:00"] : occurrences;
    expect(ran.map(({ scheduledFor }) => scheduledFor!.toISOString().slice(8, 16))).toEqual([...expected]);
    expect(timesOf(ran)).toEqual(expected.map(() => "28T10:00"));
    expect(timesOf(await nuvom.advance("2h"))).toEqual(["28T12:00"]);
  });
});

describe("while the job before still runs", () => {
  test.each([
    ["allow", ["running", "running", "running"]],
    ["skip", ["running"]],
    ["replace", ["cancelled", "cancelled", "running"]],
  ] as const)("overlap %s", async (overlap, states) => {
    await using nuvom = testNuvom();
    gate = Promise.withResolvers();
    await long.schedule(undefined, { every: "1h", overlap });
    const hours: Promise<unknown>[] = [];
    for (let hour = 1; hour <= 3; hour++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      began = resolve;
      hours.push(nuvom.advance("1h"));
      await Promise.race([promise, hours.at(-1)]);
      if (overlap === "replace") await hours.at(-2);
    }
    expect((await nuvom.jobs()).map(({ state }) => state)).toEqual([...states]);
    gate.resolve();
    await Promise.all(hours);
  });
});
