import { describe, expect, test } from "bun:test";
import * as tasks from "../fixtures/tasks/basic.ts";
import { commandLine, plainText, widest } from "../support/command-line.ts";
import { nuvom } from "../support/programs.ts";

/** Nothing can be opened there. */
const nowhere = "sqlite:/dev/null/jobs.db";

const explain = (args: string[], env: Record<string, string> = {}) =>
  nuvom(["schedules", "explain", ...args], {
    env: { NUVOM_STORAGE: nowhere, TZ: "America/New_York", ...env },
  });

describe("schedules explain, of an expression,", () => {
  test("needs no storage, and shows the next ten in its zone and in local time, and each change of the clocks", async () => {
    const { stdout, stderr, exitCode } = await explain(["30 2 * * *", "--tz", "Europe/Rome"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const [rule, , header, ...lines] = stdout.split("\n");
    expect(rule).toBe("30 2 * * * Europe/Rome");
    expect(header).toMatch(/^Europe\/Rome +America\/New_York$/);
    const next = lines.slice(0, lines.indexOf(""));
    expect(next).toHaveLength(10);
    // On the day when the clocks leap over it, it occurs an hour later.
    for (const line of next) expect(line).toMatch(/^\w{3} \S+ 0[23]:30:00 {2}\w{3} \S+ 2\d:30:00 {2}in /);
    const said = stdout.replaceAll(/\n +/g, " ");
    expect(said).toMatch(
      /^Sun \d{4}-03-\d\d {2}The clocks go forward by 1h, from 02:00 to 03:00\. They leap over 02:30: it occurs at 03:30 instead\. From Sun \S+ 03:30:00 to the next it is 23h instead of 1d\.$/m,
    );
    expect(said).toMatch(
      /^Sun \d{4}-10-\d\d {2}The clocks go back by 1h, from 03:00 to 02:00\. They show 02:30 twice: it occurs once, the first time\. From Sun \S+ 02:30:00 to the next it is 1d 1h instead of 1d\.$/m,
    );
    expect(widest(stdout)).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(plainText);
  });

  test("takes nicknames, and UTC unless a zone is given", async () => {
    const { stdout } = await explain(["@daily", "--count", "2"], { TZ: "UTC" });
    expect(stdout).toMatch(
      /^@daily UTC\n\nUTC\n(\w{3} \S+ 00:00:00 {2}in .+\n){2}\nNo change of the clocks affects it in the next twelve months\.\n$/,
    );
  });

  test("says what goes on in repeated and skipped quarters of an hour", async () => {
    const { stdout } = await explain(["* * * * *", "--tz", "Europe/Rome"]);
    const said = stdout.replaceAll(/\n +/g, " ");
    expect(said).toContain("They leap over 02:00 to 02:59 (60 times): it does not occur in their place.\n");
    expect(said).toContain("They show 02:00 to 02:59 (60 times) twice: it occurs both times.\n");
  });

  test("as JSON has times as ISO text, those that clocks show without a zone", async () => {
    const { stdout } = await explain(["30 2 * * *", "--tz", "Europe/Rome", "--count", "3", "--json"]);
    const { rule, remark, next, changes } = JSON.parse(stdout);
    expect({ rule, remark }).toEqual({ rule: { cron: "30 2 * * *", tz: "Europe/Rome" }, remark: null });
    expect(next).toHaveLength(3);
    for (const time of next) expect(new Date(time).toISOString()).toBe(time);
    expect(changes.length).toBeGreaterThanOrEqual(2);
    const forward = changes.find(({ leap }: { leap: number }) => leap === 3_600_000);
    expect(forward.skipped[0]).toMatch(/^\d{4}-03-\d\dT02:30:00\.000$/);
    expect(forward.instead[0]).toMatch(/T01:30:00\.000Z$/);
    expect(forward.distance).toEqual({ after: forward.instead[0], real: 82_800_000, usual: 86_400_000 });
  });

  test.each([
    ["61 * * * *", [], 'cron: "61 * * * *" cannot be read: value out of range'],
    ["61 * * * *", [], "(minute hour day month weekday) within 0-59, 0-23, 1-31, 1-12 and 0-7"],
    ["0 9 * *", [], 'cron: "0 9 * *" cannot be read: expected 5 space-separated fields'],
    ["* * * * * *", [], "has six fields, but seconds are not supported"],
    ["@dayly", [], 'cron: "@dayly" cannot be read'],
    ["0 0 30 2 *", [], "never occurs"],
    ["@daily", ["--tz", "Europe/Rom"], 'no time zone "Europe/Rom": the nearest is tz: "Europe/Rome"'],
    ["@daily", ["--count", "0"], '--count must be a whole number of at least 1, not "0"'],
    ["@daily", ["--every", "5m"], "--every is not for nuvom schedules explain"],
    ["report:rome", ["--tz", "UTC"], '--tz is for a cron expression; "report:rome" is taken for the id'],
  ])("names what is wrong with %s %j", async (cron, flags, says) => {
    const { stdout, stderr, exitCode } = await explain([cron, ...flags]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toContain(says);
  });

  test("asks for one if none is given", async () => {
    const { stderr, exitCode } = await explain([]);
    expect(exitCode).toBe(2);
    expect(stderr).toBe("nuvom: which one? nuvom schedules explain <id or cron>\n");
  });
});

describe("schedules explain, of a stored schedule,", () => {
  test("shows what it will do, from its start on and no more often than its limit", async () => {
    await using bench = commandLine();
    const when = { cron: "30 2 * * *", tz: "Europe/Rome", startAt: new Date("2038-03-28"), limit: 2 };
    await bench.client.schedule(tasks.echo, 1, { ...when, id: "r" });
    expect(await bench.json("schedules", "explain", "r")).toMatchObject({
      rule: { cron: "30 2 * * *", tz: "Europe/Rome" },
      next: ["2038-03-28T01:30:00.000Z", "2038-03-29T00:30:00.000Z"],
    });
  });

  test("says that it is paused", async () => {
    await using bench = commandLine();
    await bench.client.schedule(tasks.echo, 1, { every: "5m", id: "r" });
    await bench.client.getSchedule("r").pause();
    const { stdout } = await bench.run("schedules", "explain", "r", "--count", "1");
    expect(stdout).toStartWith("every 5m, paused: it makes no jobs until it is resumed\n\nUTC");
    expect(stdout).toEndWith("\n\nAn interval is the same whatever the clocks show.\n");
  });

  test("says that it has ended", async () => {
    await using bench = commandLine();
    await bench.client.schedule(tasks.echo, 1, { cron: "30 2 * * *", tz: "Europe/Rome", id: "r" });
    const [schedule] = await bench.client.storage.schedules();
    const ended = { ...schedule!, version: "ended", nextRunAt: null };
    await bench.client.storage.changeSchedules([{ id: "r", from: schedule!.version, to: ended, jobs: [] }]);
    const { stdout } = await bench.run("schedules", "explain", "r");
    expect(stdout).toStartWith("30 2 * * * Europe/Rome\n\nit does not occur any more\n");
    expect(stdout).not.toContain("The clocks");
  });

  test("that is not there is an error", async () => {
    await using bench = commandLine();
    const { stdout, stderr, exitCode } = await bench.run("schedules", "explain", "nobody");
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain("nobody");
  });
});
