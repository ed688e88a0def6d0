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

  test("that is not there is named, and exits with 1", async () => {
    await using bench = commandLine();
    for (const action of ["show", "pause", "resume", "run", "remove"]) {
      const { stdout, stderr, exitCode } = await bench.run("schedules", action, "nobody");
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
  });
});
