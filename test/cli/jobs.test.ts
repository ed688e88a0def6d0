import { describe, expect, test } from "bun:test";
import { task } from "../../src/index.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { greet } from "../fixtures/tasks/greet.ts";
import { commandLine, plainText, widest } from "../support/command-line.ts";

describe("jobs", () => {
  test("says so when there are none", async () => {
    await using bench = commandLine();
    expect(await bench.run("jobs")).toEqual({ stdout: "no jobs\n", stderr: "", exitCode: 0 });
    expect(await bench.json("jobs")).toEqual([]);
  });

  test("lists them, newest first, with what matters about each", async () => {
    await using bench = commandLine();
    const done = await bench.client.enqueue(tasks.add, { x: 1, y: 2 });
    await bench.work();
    const later = await bench.client.enqueue(tasks.echo, null, { in: "2h" });
    const { stdout, stderr, exitCode } = await bench.run("jobs");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const [header, first, second, ...rest] = stdout.trimEnd().split("\n");
    expect(header).toMatch(/^ID +TASK +STATE +WHEN$/);
    expect(first).toMatch(new RegExp(`^${later.id}  echo +pending +in (2h|1h 59m)$`));
    expect(second).toMatch(new RegExp(`^${done.id}  math\\.add +succeeded  (now|\\d+s ago)$`));
    expect(rest).toEqual([]);
  });

  test("picks by state, task and queue", async () => {
    await using bench = commandLine();
    const { client } = bench;
    const add = await client.enqueue(tasks.add, { x: 1, y: 2 });
    const greeting = await client.enqueue(greet, { name: "Ada" });
    await bench.work();
    const mine = await client.enqueue(tasks.add, { x: 1, y: 2 }, { queue: "mine" });
    const ids = async (...args: string[]) =>
      (await bench.json("jobs", ...args)).map(({ id }: { id: string }) => id);
    expect(await ids("--state", "succeeded")).toEqual([greeting.id, add.id]);
    expect(await ids("--task", "math.add")).toEqual([mine.id, add.id]);
    expect(await ids("--queue", "greetings")).toEqual([greeting.id]);
    expect(await ids("--task", "math.add", "--state", "pending")).toEqual([mine.id]);
    expect(await ids("--state", "failed")).toEqual([]);
  });

  test("goes page by page", async () => {
    await using bench = commandLine();
    const inputs = Array.from({ length: 25 }, (_, number) => number);
    const ids = (await bench.client.enqueueMany(tasks.echo, inputs)).map(({ id }) => id).reverse();
    const shown = (stdout: string) => [...stdout.matchAll(/^([0-9a-f-]{36}) {2}/gm)].map(([, id]) => id!);
    const first = await bench.run("jobs");
    expect(shown(first.stdout)).toEqual(ids.slice(0, 20));
    const after = /^more: --after (\S+)$/m.exec(first.stdout)![1]!;
    const second = await bench.run("jobs", "--after", after);
    expect(shown(second.stdout)).toEqual(ids.slice(20));
    expect(second.stdout).not.toContain("more:");
    expect(await bench.json("jobs", "--limit", "3", "--after", ids[4]!)).toMatchObject(
      ids.slice(5, 8).map((id) => ({ id })),
    );
  });

  test("prints JSON into a pipe as whole as it is long", async () => {
    await using bench = commandLine();
    const inputs = Array.from({ length: 2_000 }, (_, number) => ({ number, text: "x".repeat(500) }));
    await bench.client.enqueueMany(tasks.echo, inputs);
    const { stdout } = await bench.start("jobs", "--limit", "2000", "--json").ended;
    expect(JSON.parse(stdout).map(({ input }: { input: unknown }) => input)).toEqual(inputs.toReversed());
  });
});

describe("job", () => {
  test("shows a job that succeeded", async () => {
    await using bench = commandLine();
    const { id } = await bench.client.enqueue(greet, { name: "Ada" }, { key: "ada", timeout: "90s" });
    await bench.work();
    const { stdout, stderr, exitCode } = await bench.run("job", id);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    for (const [label, text] of Object.entries({
      id,
      task: "greet",
      state: "succeeded",
      queue: "greetings, priority high",
      key: "ada",
      attempt: "1 of 3",
      timeout: "1m 30s",
      result: '"Hello, Ada!"',
    })) {
      expect(stdout).toContain(`${label.padEnd(9)} ${text}\n`);
    }
    expect(stdout).toMatch(/^finished {2}\d{4}-\d\d-\d\dT[\d:.]+Z \((now|\d+s ago)\)$/m);
    expect(stdout).toMatch(/^input {5}\{\n {2}name: "Ada",\n\}$/m);
  });

  test("shows each error of one that failed, without passing its control characters on", async () => {
    await using bench = commandLine();
    const { id } = await bench.client.enqueue(tasks.broken, undefined, { attempts: 1 });
    await bench.work();
    const { stdout } = await bench.run("job", id);
    expect(stdout).toMatch(/^state {5}failed$/m);
    expect(stdout).toMatch(
      /^attempt 1 failed at \S+ \(.+\) after \d+m?s, process \d+\nRangeError: \[\/x\] %s \\x1b\[31mred\n +at /m,
    );
    expect(stdout).toMatch(plainText);
  });

  test("as JSON has times as ISO text and values as far as JSON goes", async () => {
    await using bench = commandLine();
    const when = new Date("2000-01-01");
    const input = { when, big: 10n ** 20n, map: new Map([["k", new Set([1])]]), url: new URL("http://a.b/") };
    const { id } = await bench.client.enqueue(tasks.echo, input);
    await bench.work();
    const job = await bench.json("job", id);
    const said = {
      when: "2000-01-01T00:00:00.000Z",
      big: "100000000000000000000",
      map: [["k", [1]]],
      url: "http://a.b/",
    };
    expect(job).toMatchObject({
      id,
      task: "echo",
      state: "succeeded",
      attempt: 1,
      maxAttempts: 3,
      input: said,
      result: said,
      errors: [],
    });
    for (const time of ["runAt", "createdAt", "startedAt", "finishedAt"]) {
      expect(new Date(job[time]).toISOString()).toBe(job[time]);
    }
  });

  test("as JSON has the errors, with every control character escaped", async () => {
    await using bench = commandLine();
    const { id } = await bench.client.enqueue(tasks.broken, "\u009b\u007f", { attempts: 1 });
    await bench.work();
    const { stdout } = await bench.run("job", id, "--json");
    expect(stdout).toMatch(plainText);
    const { input, errors } = JSON.parse(stdout);
    expect(input).toBe("\u009b\u007f");
    expect(errors).toMatchObject([{ attempt: 1, name: "RangeError", message: "[/x] %s \u001b[31mred" }]);
  });

  test("that is not there is an error", async () => {
    await using bench = commandLine();
    expect(await bench.run("job", "nobody", "--json")).toMatchObject({ stdout: "", exitCode: 1 });
  });
});

describe("status", () => {
  test("of an empty storage", async () => {
    await using bench = commandLine();
    expect(await bench.run("status")).toEqual({
      stdout: `storage ${bench.storage}\n\nno jobs yet\n\nno worker is running; start one with nuvom worker\n`,
      stderr: "",
      exitCode: 0,
    });
    expect(await bench.json("status")).toEqual({ queues: [], workers: [] });
  });

  test("counts the jobs of each queue and lists the workers that live", async () => {
    await using bench = commandLine();
    const { client } = bench;
    await client.enqueueMany(
      tasks.add,
      [1, 2, 3].map((x) => ({ x, y: 0 })),
    );
    await bench.work();
    await client.enqueue(greet, { name: "Ada" });
    await client.storage.pause("greetings", true);
    const now = Date.now();
    const worker = {
      id: "w1",
      host: "here",
      pid: 7,
      queues: ["a", "b"],
      project: "p",
      release: "",
      startedAt: now - 3_600_000,
      seenAt: now,
      claimedAt: null,
    };
    await client.storage.heartbeat({ ...worker, leaseUntil: now + 60_000 });
    await client.storage.heartbeat({ ...worker, id: "dead", leaseUntil: now });

    const { stdout } = await bench.run("status");
    expect(stdout).toMatch(/^QUEUE +PENDING +RUNNING +SUCCEEDED +FAILED +CANCELLED$/m);
    expect(stdout).toMatch(/^default +0 +0 +3 +0 +0$/m);
    expect(stdout).toMatch(/^greetings \(paused\) +1 +0 +0 +0 +0$/m);
    expect(stdout).toMatch(/^w1 +here\/7 +a,b +1h ago +not yet$/m);
    expect(stdout).not.toContain("dead");

    const { queues, workers } = await bench.json("status");
    expect(queues).toMatchObject([
      { name: "default", paused: false, succeeded: 3 },
      { name: "greetings", paused: true, pending: 1 },
    ]);
    expect(workers).toMatchObject([
      { id: "w1", pid: 7, queues: ["a", "b"], startedAt: new Date(now - 3_600_000).toISOString() },
    ]);
  });
});

describe("tables", () => {
  const long = "a.task.with.a.name.that.goes.on.".repeat(4);

  test("stay within 80 columns whatever the names", async () => {
    await using bench = commandLine();
    const wide = "日本語の仕事".repeat(9);
    await bench.client.enqueue(
      task(long, () => 1),
      undefined,
      { queue: long },
    );
    await bench.client.enqueue(
      task(wide, () => 1),
      undefined,
      { queue: wide },
    );
    const now = Date.now();
    await bench.client.storage.heartbeat({
      id: Bun.randomUUIDv7(),
      host: "host.".repeat(20),
      pid: 1234567,
      queues: [long, wide],
      project: "p",
      release: "",
      startedAt: now,
      seenAt: now,
      claimedAt: null,
      leaseUntil: now + 60_000,
    });
    for (const command of ["jobs", "status"]) {
      const { stdout } = await bench.run(command);
      expect(widest(stdout)).toBeLessThanOrEqual(80);
      expect(stdout).toContain("a.task.with");
      expect(stdout).toContain("日本");
      expect(stdout).toContain("…");
      expect(stdout).toMatch(/pending|1234567/);
    }
    const rows = (await bench.run("jobs")).stdout.trimEnd().split("\n").slice(1);
    const stateColumns = rows.map((row) => Bun.stringWidth(row.slice(0, row.indexOf("pending"))));
    expect(new Set(stateColumns).size).toBe(1);
  });

  test("pass on no control characters of names", async () => {
    await using bench = commandLine();
    const name = "evil\u001b]0;title\u0007\nid";
    await bench.client.enqueue(
      task(name, () => 1),
      undefined,
      { queue: name, key: name },
    );
    const [{ id }] = await bench.json("jobs");
    for (const args of [["jobs"], ["status"], ["job", id]]) {
      const { stdout } = await bench.run(...args);
      expect(stdout).toContain("evil\\x1b]0;");
      expect(stdout).toMatch(plainText);
    }
    const { stdout } = await bench.run("jobs");
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
  });
});
