import { describe, expect, test } from "bun:test";
import * as tasks from "../fixtures/tasks/basic.ts";
import { commandLine, plainText, widest } from "../support/command-line.ts";
import { nuvom } from "../support/programs.ts";
import { fixtures } from "../support/worker.ts";

const rome = ["--cron", "0 9 * * MON-FRI", "--tz", "Europe/Rome"];

describe("schedules", () => {
  test("says how to begin when there are none", async () => {
    await using bench = commandLine();
    expect(await bench.run("schedules")).toEqual({
      stdout: "no schedules; nuvom schedules add adds one\n",
      stderr: "",
      exitCode: 0,
    });
    expect(await bench.json("schedules")).toEqual([]);
  });

  test("lists them within 80 columns", async () => {
    await using bench = commandLine();
    await bench.client.schedule(tasks.echo, 1, { every: "5m", id: "a" });
    await bench.client.schedule(tasks.echo, 1, {
      cron: "0 9 * * *",
      tz: "Europe/Rome",
      id: "long".repeat(40),
    });
    await bench.client.getSchedule("a").pause();
    const { stdout } = await bench.run("schedules");
    expect(stdout).toMatch(/^SCHEDULE +TASK +WHEN +NEXT +JOBS\n/);
    expect(stdout).toMatch(/^a +echo +every 5m +paused +0$/m);
    expect(stdout).toMatch(plainText);
    expect(widest(stdout)).toBeLessThanOrEqual(80);
    expect(await bench.json("schedules")).toMatchObject([
      { id: "a", paused: true, task: "echo" },
      { made: 0 },
    ]);
  });
});

describe("as JSON", () => {
  test("a schedule has times as ISO text, and its input as far as JSON goes", async () => {
    await using bench = commandLine();
    const startAt = new Date("2038-01-04T00:00:00Z");
    const rule = { cron: "0 9 * * *", tz: "Europe/Rome", limit: 2 } as const;
    await bench.client.schedule(tasks.echo, { big: 10n }, { ...rule, startAt, id: "r" });
    const shown = await bench.json("schedules", "show", "r");
    expect(shown).toMatchObject({
      id: "r",
      task: "echo",
      input: { big: "10" },
      recurrence: { rule: { cron: "0 9 * * *", tz: "Europe/Rome" }, startAt: startAt.toJSON(), endAt: null },
      lastOccurrence: null,
      nextRunAt: "2038-01-04T08:00:00.000Z",
      next: ["2038-01-04T08:00:00.000Z", "2038-01-05T08:00:00.000Z"],
    });
    expect(new Date(shown.createdAt).toJSON()).toBe(shown.createdAt);
    expect(await bench.json("schedules", "list")).toEqual([shown]);
  });
});

test("the next occurrences stay within 80 columns in zones with the longest names", async () => {
  await using bench = commandLine();
  const tz = "America/North_Dakota/New_Salem";
  await bench.client.schedule(tasks.echo, 1, {
    cron: "0 9 * * *",
    tz,
    startAt: new Date("2038-01-01"),
    id: "r",
  });
  const env = { NUVOM_STORAGE: bench.storage, TZ: "America/Argentina/Buenos_Aires" };
  const { stdout } = await nuvom(["schedules", "show", "r"], { env });
  expect(stdout).toContain("Fri 2038-01-01 09:00:00         Fri 2038-01-01 12:00:00  ");
  expect(widest(stdout)).toBeLessThanOrEqual(80);
});

test("control characters in an id do not reach the terminal", async () => {
  await using bench = commandLine();
  const id = "\u001b[2J\u009b";
  await bench.client.schedule(tasks.echo, 1, { every: "1h", id });
  for (const args of [["list"], ["show", id], ["pause", id], ["pause", id, "--json"], ["run", `no ${id}`]]) {
    const { stdout, stderr } = await bench.run("schedules", ...args);
    expect(stdout + stderr).toMatch(plainText);
    expect(stdout + stderr).toContain("[2J");
  }
});

describe("schedules add", () => {
  test("takes every rule and option, and shows the next five in the schedule's zone and in local time", async () => {
    await using bench = commandLine();
    const options = ["--id", "r", "--start", "2038-01-04T00:00:00Z", "--end", "2039-01-01T00:00:00Z"];
    const others = ["--limit", "9", "--jitter", "10s", "--catch-up", "all", "--overlap", "skip"];
    const { stdout, stderr, exitCode } = await nuvom(
      ["schedules", "add", "echo", '{"city":"Rome"}', ...rome, ...options, ...others],
      { cwd: fixtures, env: { NUVOM_STORAGE: bench.storage, TZ: "America/New_York" } },
    );
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^Europe\/Rome +America\/New_York\b/m);
    const days = ["Mon 2038-01-04", "Tue 2038-01-05", "Wed 2038-01-06", "Thu 2038-01-07", "Fri 2038-01-08"];
    for (const day of days) expect(stdout).toContain(`${day} 09:00:00  ${day} 03:00:00`);
    expect(stdout).not.toContain("2038-01-11");
    expect(stdout).toMatch(plainText);
    expect(await bench.client.getSchedule("r").get()).toMatchObject({
      definition: {
        recurrence: {
          rule: { cron: "0 9 * * MON-FRI", tz: "Europe/Rome" },
          startAt: Date.parse("2038-01-04"),
          endAt: Date.parse("2039-01-01"),
          limit: 9,
          jitter: 10_000,
          catchUp: "all",
          overlap: "skip",
        },
        template: { task: "echo" },
      },
    });
  });

  test("reads the input from stdin with -, and names the schedule if nobody does", async () => {
    await using bench = commandLine();
    const args = ["schedules", "add", "greet", "-", "--every", "5m", "--storage", bench.storage];
    const { stdout, exitCode } = await nuvom(args, { env: { TZ: "UTC" }, stdin: '{"name":"Ada"}' });
    expect(exitCode).toBe(0);
    const [schedule] = await bench.client.schedules();
    expect(schedule!.id).toMatch(/^greet:\w+$/);
    expect(schedule!.queue).toBe("greetings");
    expect(stdout).toStartWith(`id        ${schedule!.id}\n`);
    expect(stdout).toMatch(/\n\nUTC\n(\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}in \d+m( \d+s)?\n){5}$/);
    expect(widest(stdout)).toBeLessThanOrEqual(80);
  });

  test.each([
    ["a task that is not there", ["gret", "--every", "5m"], 'defines the task "gret": did you mean greet?'],
    ["input that is not JSON", ["echo", "{", "--every", "5m"], "the input is not JSON"],
    ["input that does not fit", ["greet", "{}", "--every", "5m"], 'task "greet": input.name: '],
  ])("exits with 1 for %s", async (_, args, says) => {
    await using bench = commandLine();
    const { stdout, stderr, exitCode } = await bench.run("schedules", "add", ...args);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain(says);
    expect(await bench.client.schedules()).toEqual([]);
  });

  test("names what is wrong with the rule", async () => {
    await using bench = commandLine();
    const wrong: [string[], string][] = [
      [["--every", "5m", "--cron", "* * * * *"], "either --every"],
      [[], "either --every"],
      [["--cron", "0 0 30 2 *"], "0 0 30 2 *"],
      [["--cron", "0 9 * * *", "--tz", "Mars/Phobos"], "Mars/Phobos"],
      [["--every", "0s"], "every"],
      [["--every", "5m", "--overlap", "perhaps"], "overlap"],
      [["--every", "5m", "--start", "soon"], "--start"],
    ];
    for (const [flags, problem] of wrong) {
      const { stdout, stderr, exitCode } = await bench.run("schedules", "add", "echo", "1", ...flags);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
      expect(stderr).toContain(problem);
    }
    expect(await bench.client.schedules()).toEqual([]);
  });
});

describe("a schedule", () => {
  test("is changed, paused, resumed, run and removed", async () => {
    await using bench = commandLine();
    await bench.client.schedule(tasks.echo, 7, { every: "1h", id: "a" });
    await bench.client.schedule(tasks.echo, 7, { every: "1h", id: "b" });
    const record = () => bench.client.getSchedule("a").get();

    expect((await bench.run("schedules", "change", "a", ...rome)).stdout).toContain(
      "0 9 * * MON-FRI Europe/Rome",
    );
    expect((await record()).definition.recurrence.rule).toMatchObject({ tz: "Europe/Rome" });
    expect((await bench.run("schedules", "pause", "a", "b")).stdout).toBe("a paused\nb paused\n");
    expect(await record()).toMatchObject({ paused: true });
    expect((await bench.run("schedules", "show", "a")).stdout).toMatch(/^state +paused$/m);
    expect((await bench.run("schedules", "resume", "a")).stdout).toBe("a resumed\n");
    expect(await record()).toMatchObject({ paused: false });

    const { stdout } = await bench.run("schedules", "run", "a");
    const [, id] = /^a runs job (\S+)\n$/.exec(stdout)!;
    await bench.work();
    expect(await bench.client.job(id!).result()).toBe(7);

    expect(await bench.json("schedules", "remove", "a")).toEqual([{ id: "a", done: "removed" }]);
    expect((await bench.client.schedules()).map(({ id }) => id)).toEqual(["b"]);
  });

  test("keeps its rule if what it is changed to is wrong", async () => {
    await using bench = commandLine();
    const schedule = await bench.client.schedule(tasks.echo, 7, { every: "1h", id: "a" });
    for (const flags of [[], ["--every", "5m", ...rome]]) {
      const { stdout, stderr, exitCode } = await bench.run("schedules", "change", "a", ...flags);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
      expect(stderr).toBe('nuvom: say when: either --every 5m or --cron "0 9 * * MON-FRI"\n');
    }
    expect((await schedule.get()).definition.recurrence.rule).toEqual({ every: 3_600_000 });
  });

  test("that is not there keeps no other from its turn, and exits with 1", async () => {
    await using bench = commandLine();
    for (const id of ["a", "b"]) await bench.client.schedule(tasks.echo, 7, { every: "1h", id });
    const stderr = 'nuvom: there is no schedule "nobody" in this storage: nuvom schedules lists them\n';
    const ids = ["a", "nobody", "b"];
    expect(await bench.run("schedules", "pause", ...ids, "--json")).toEqual({
      stdout: `${JSON.stringify(
        [
          { id: "a", done: "paused" },
          { id: "b", done: "paused" },
        ],
        null,
        2,
      )}\n`,
      stderr,
      exitCode: 1,
    });
    expect(await bench.run("schedules", "remove", ...ids)).toEqual({
      stdout: "a removed\nb removed\n",
      stderr,
      exitCode: 1,
    });
    expect(await bench.client.schedules()).toEqual([]);
  });

  test("that is not there is named, and exits with 1", async () => {
    await using bench = commandLine();
    const actions = [["show"], ["change", "--every", "5m"], ["pause"], ["resume"], ["run"], ["remove"]];
    for (const action of actions) {
      const { stdout, stderr, exitCode } = await bench.run("schedules", ...action, "nobody");
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
      expect(stderr).toContain('there is no schedule "nobody"');
    }
  });

  test("needs an action that there is, and an id", async () => {
    await using bench = commandLine();
    const unknown = await bench.run("schedules", "halt", "a");
    expect(unknown).toMatchObject({ stdout: "", exitCode: 2 });
    expect(unknown.stderr).toContain('there is no action "halt"; there are list, show, add');
    const missing = await bench.run("schedules", "pause");
    expect(missing).toMatchObject({ stdout: "", exitCode: 2 });
    expect(missing.stderr).toContain("nuvom schedules pause <id>");
    expect((await bench.run("schedules", "add")).stderr).toContain("nuvom schedules add <task>");
  });

  test.each([[["list", "a"]], [["show", "a", "b"]], [["change", "a", "b"]], [["add", "echo", "1", "2"]]])(
    "is not looked for if there is an argument too many: %j",
    async (args) => {
      await using bench = commandLine();
      const { stdout, stderr, exitCode } = await bench.run("schedules", ...args, "--every", "5m");
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
      expect(stderr).toContain(`"${args.at(-1)}" is an argument too many for nuvom schedules ${args[0]}`);
    },
  );

  test.each([
    ["--id", ["change", "a", "--every", "5m", "--id", "b"]],
    ["--every", ["pause", "a", "--every", "5m"]],
    ["--limit", ["show", "a", "--limit", "3"]],
    ["--cron", ["--cron", "@daily"]],
  ])("is left alone if the action has no use for %s", async (flag, args) => {
    await using bench = commandLine();
    const schedule = await bench.client.schedule(tasks.echo, 7, { every: "1h", id: "a" });
    const before = await schedule.get();
    const { stdout, stderr, exitCode } = await bench.run("schedules", ...args);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toStartWith(`nuvom: ${flag} is not for nuvom schedules `);
    expect(stderr).toEndWith("\nSee nuvom schedules --help\n");
    expect(await schedule.get()).toEqual(before);
  });
});
