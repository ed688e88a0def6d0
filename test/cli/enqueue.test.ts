import { describe, expect, test } from "bun:test";
import { decode } from "../../src/codec.ts";
import { commandLine, plainText } from "../support/command-line.ts";
import { nuvom, startWorkerProgram } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";
import { until } from "../support/until.ts";
import { fixtures } from "../support/worker.ts";

const inFixtures = ["--root", fixtures];

describe("enqueue", () => {
  test("prints the id of the new job, which has what its task says", async () => {
    await using bench = commandLine();
    const { stdout, stderr, exitCode } = await bench.run("enqueue", "greet", '{"name":"Ada"}', ...inFixtures);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    const job = await bench.client.job(stdout.trim()).get();
    expect(job).toMatchObject({ task: "greet", state: "pending", queue: "greetings", priority: "high" });
    expect(decode(job.input)).toEqual({ name: "Ada" });
  });

  test("takes every option of a job", async () => {
    await using bench = commandLine();
    const began = Date.now();
    const options = "--in 10m --queue other --priority low --key k --attempts 7 --timeout 1500".split(" ");
    const { id } = await bench.json("enqueue", "echo", "[1]", ...options, ...inFixtures);
    const job = await bench.client.job(id).get();
    expect(job).toMatchObject({
      queue: "other",
      priority: "low",
      key: "k",
      maxAttempts: 7,
      timeout: 1500,
      state: "pending",
    });
    expect(job.runAt - 600_000).toBeWithin(began, Date.now());
  });

  test("takes a time to run at, and no timeout", async () => {
    await using bench = commandLine();
    const at = "2038-01-19T03:14:07Z";
    const { id } = await bench.json("enqueue", "echo", "--at", at, "--timeout", "none", ...inFixtures);
    const { runAt, timeout, input } = await bench.client.job(id).get();
    expect({ runAt, timeout, input: decode(input) }).toEqual({
      runAt: Date.parse(at),
      timeout: null,
      input: undefined,
    });
  });

  test("names the job that holds the key", async () => {
    await using bench = commandLine();
    const args = ["enqueue", "echo", "--key", "once", ...inFixtures];
    const first = await bench.json(...args);
    expect(first).toEqual({ id: expect.any(String), existing: false });
    expect(await bench.json(...args)).toEqual({ id: first.id, existing: true });
    expect((await bench.run(...args)).stdout).toBe(`${first.id} (there already, under the same key)\n`);
  });

  test("reads the input from stdin with -", async () => {
    await using bench = commandLine();
    const rows = Array.from({ length: 5_000 }, (_, row) => ({ row }));
    const { stdout } = await nuvom(["enqueue", "echo", "-", "--storage", bench.storage, ...inFixtures], {
      stdin: JSON.stringify(rows),
    });
    expect(decode((await bench.client.job(stdout.trim()).get()).input)).toEqual(rows);
  });
});

describe("enqueue --wait", () => {
  test("prints the result", async () => {
    await using bench = commandLine();
    await using _worker = startWorkerProgram(bench.storage, ["--processes", "1"]);
    await until(async () => (await bench.client.storage.workers()).length > 0);
    const wait = (...args: string[]) => bench.run("enqueue", ...args, "--wait", ...inFixtures);
    const done = (stdout: string) => ({ stdout, stderr: "", exitCode: 0 });
    expect(await wait("greet", '{"name":"Ada"}')).toEqual(done("Hello, Ada!\n"));
    expect(await wait("greet", '{"name":"Ada"}', "--json")).toEqual(done('"Hello, Ada!"\n'));
    expect(await wait("echo", '{"a":[1]}')).toEqual(done("{\n  a: [ 1 ],\n}\n"));
    expect(await wait("echo", '{"a":[1]}', "--json")).toEqual(done('{\n  "a": [\n    1\n  ]\n}\n'));
    expect(await wait("echo", "--json")).toEqual(done("null\n"));
    expect(await wait("echo", '"\\u001b[31mred\\u009b"')).toEqual(done("\\x1b[31mred\\x9b\n"));
  });

  test("exits with 1 and the error on stderr if the job fails", async () => {
    await using bench = commandLine();
    await using _worker = startWorkerProgram(bench.storage, ["--processes", "1"]);
    await until(async () => (await bench.client.storage.workers()).length > 0);
    for (const more of [[], ["--json"]]) {
      const { stdout, stderr, exitCode } = await bench.run(
        "enqueue",
        "broken",
        "--wait",
        ...inFixtures,
        ...more,
      );
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
      expect(stderr).toMatch(
        /^nuvom: job \S+ of task broken failed: RangeError: \[\/x\] %s \\x1b\[31mred\n$/,
      );
    }
  });

  test("says so on stderr if no worker is there to wait for", async () => {
    await using bench = commandLine();
    const { errors, ended } = bench.start("enqueue", "echo", "5", "--wait", ...inFixtures);
    await until(async () => errors.text.includes("no worker is running"));
    const [job] = await bench.client.storage.list({}, { limit: 1 });
    await bench.client.storage.cancel([job!.id], "a test needs it", Date.now());
    const { stdout, stderr, exitCode } = await ended;
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toBe(
      `job ${job!.id} waits: no worker is running; start one with nuvom worker\n` +
        `nuvom: job ${job!.id} of task echo was cancelled: a test needs it\n`,
    );
  });
});

describe("enqueue adds nothing and says what is wrong", () => {
  const wrong: [what: string, args: string[], says: string][] = [
    ["input that is not JSON", ["echo", "{name:you}"], "the input is not JSON: JSON Parse error"],
    [
      "input that does not fit",
      ["greet", '{"name":5}'],
      'task "greet": input.name: Invalid input: expected string',
    ],
    ["input that is missing", ["greet"], 'task "greet": input: Invalid input: expected object'],
    ["a task that is not there", ["gret"], 'defines the task "gret": did you mean greet?'],
    ["a file that breaks", ["unloadable"], "tasks/unloadable.ts cannot be imported: this file breaks"],
    ["two times", ["echo", "--in", "1s", "--at", "2038-01-19"], "give either in or at, not both"],
  ];

  test.each(wrong)("%s", async (_, args, says) => {
    await using bench = commandLine();
    const { stdout, stderr, exitCode } = await bench.run("enqueue", ...args, ...inFixtures);
    expect(stderr).toStartWith("nuvom: ");
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stdout).toBe("");
    expect(exitCode).toBe(args.includes("--in") ? 2 : 1);
    expect(await bench.client.storage.list({}, { limit: 1 })).toEqual([]);
  });

  test("a stdin that is not JSON", async () => {
    await using bench = commandLine();
    const args = ["enqueue", "echo", "-", "--storage", bench.storage, ...inFixtures];
    const { stderr, exitCode } = await nuvom(args, { stdin: "" });
    expect(stderr).toBe("nuvom: the input is not JSON: JSON Parse error: Unexpected EOF\n");
    expect(exitCode).toBe(1);
  });

  test("a task whose file has a problem, with the problem and its place", async () => {
    using project = await temporaryProject({
      "tasks/typo.ts": 'import { task } from "nuvom";\nexport const typo = task("typo", () => {;\n',
      "tasks/computed.ts": 'import { task } from "nuvom";\n\nexport const t = task("a" + 1, () => 1);\n',
    });
    const { stdout, stderr, exitCode } = await nuvom(["enqueue", "typo"], { cwd: project.path });
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain('defines the task "typo": there are none; nuvom init adds a first one\n');
    expect(stderr).toMatch(/^tasks\/typo\.ts:\d+: \S/m);
    expect(stderr).toMatch(/^tasks\/computed\.ts:3: \S/m);
  });

  test("what an imported file throws, without control characters", async () => {
    using project = await temporaryProject({
      "tasks/bad.ts":
        'import { task } from "nuvom";\nexport const bad = task("bad", () => 1);\nthrow new Error("\\u001b[2J");\n',
    });
    for (const verbose of [[], ["--verbose"]]) {
      const { stderr } = await nuvom(["enqueue", "bad", ...verbose], { cwd: project.path });
      expect(stderr).toContain("tasks/bad.ts cannot be imported: \\x1b[2J");
      expect(stderr).toMatch(plainText);
    }
  });

  test("a task that its file does not define after all", async () => {
    using project = await temporaryProject({
      "tasks/maybe.ts": 'import { task } from "nuvom";\nif (process.env.NEVER) task("maybe", () => 1);\n',
    });
    expect(await nuvom(["enqueue", "maybe"], { cwd: project.path })).toEqual({
      stdout: "",
      stderr: 'nuvom: tasks/maybe.ts:2 did not define "maybe" when it was imported\n',
      exitCode: 1,
    });
  });
});
