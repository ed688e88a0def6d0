import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { Nuvom } from "../../src/index.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { commandLine, plainText } from "../support/command-line.ts";
import { nuvom, startWorkerProgram } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";
import { until } from "../support/until.ts";
import { fixtures } from "../support/worker.ts";

const drain = ["worker", "--drain", "--processes", "1", "--root", fixtures];

/** A worker program that is in the middle of a job, which ends when the file `go` is there. */
async function busyWorker(args: string[] = []) {
  const bench = commandLine();
  const go = bench.folder.file("go");
  const started = bench.folder.file("started");
  const job = await bench.client.enqueue(tasks.waitFor, { file: go, started });
  const worker = startWorkerProgram(bench.storage, ["--processes", "1", ...args]);
  await until(started);
  return {
    job,
    worker,
    finishJob: () => writeFileSync(go, ""),
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await bench[Symbol.asyncDispose]();
    },
  };
}

describe("worker --drain", () => {
  test("runs what is due, tells of it, and exits with 0", async () => {
    await using bench = commandLine();
    const good = await bench.client.enqueue(tasks.add, { x: 1, y: 2 });
    const bad = await bench.client.enqueue(tasks.broken, undefined, { attempts: 1 });
    const chatty = await bench.client.enqueue(tasks.talks, undefined);
    const later = await bench.client.enqueue(tasks.add, { x: 1, y: 2 }, { in: "1h" });
    const { stdout, stderr, exitCode } = await bench.run(...drain);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(
      /^\d\d:\d\d:\d\d started {3}worker \S+: \d+ tasks in 1 process, storage sqlite:\S+$/m,
    );
    expect(stdout).toMatch(new RegExp(`succeeded math\\.add ${good.id} in \\d+m?s$`, "m"));
    expect(stdout).toContain(`failed    broken ${bad.id} attempt 1: RangeError: [/x] %s \\x1b[31mred\n`);
    expect(stdout).toMatch(
      new RegExp(
        ["said {", "  so: true,", "}"].map((line) => `log {7}talks ${chatty.id} ${line}\n`).join("\\S+ "),
      ),
    );
    expect(stdout).toContain("stopped   everything is recorded\n");
    expect(stdout).toMatch(plainText);
    expect(await later.state()).toBe("pending");
  });

  test("prints only what went wrong with --quiet", async () => {
    await using bench = commandLine();
    await bench.client.enqueue(tasks.add, { x: 1, y: 2 });
    expect(await bench.run(...drain, "--quiet")).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    await bench.client.enqueue(tasks.refuses, undefined);
    const { stdout } = await bench.run(...drain, "--quiet");
    expect(stdout).toMatch(/^\S+ failed {4}refuses \S+ attempt 1: NonRetryableError: there is no point\n$/);
  });

  test("counts the jobs that succeed rather than print a great many", async () => {
    await using bench = commandLine();
    await bench.client.enqueueMany(
      tasks.echo,
      Array.from({ length: 500 }, () => null),
    );
    const { stdout } = await bench.run(...drain);
    const printed = stdout.match(/succeeded echo/g)!.length;
    const counted = [...stdout.matchAll(/succeeded and (\d+) more jobs/g)].map(([, count]) => Number(count));
    expect(printed + counted.reduce((sum, count) => sum + count, 0)).toBe(500);
    expect(printed).toBeLessThan(500);
  });

  test("serves only the queues that it is given", async () => {
    await using bench = commandLine();
    const queues = ["a", "b", "c"];
    const [a, b, c] = await Promise.all(
      queues.map((queue) => bench.client.enqueue(tasks.echo, null, { queue })),
    );
    await bench.run(...drain, "--queue", "a", "--queue", "c");
    expect(await Promise.all([a!.state(), b!.state(), c!.state()])).toEqual([
      "succeeded",
      "pending",
      "succeeded",
    ]);
  });

  test("prints the problems of the sources with their place, and goes on", async () => {
    using project = await temporaryProject({
      "tasks/broken.ts": 'import { task } from "nuvom";\nexport const x = = task("x", () => 1);\n',
      "tasks/hello.ts": 'import { task } from "nuvom";\nexport const hello = task("hello", () => "hi");\n',
    });
    const id = (await nuvom(["enqueue", "hello"], { cwd: project.path })).stdout.trim();
    const { stderr, exitCode } = await nuvom(["worker", "--drain"], { cwd: project.path });
    expect(stderr).toMatch(/^tasks\/broken\.ts:2: \S.*\n$/);
    expect(exitCode).toBe(0);
    const client = new Nuvom({ storage: `sqlite:${project.file(".nuvom/nuvom.db")}` });
    expect(await client.job(id).result()).toBe("hi");
    await client.close();
  });

  test("says so when there are no tasks to run", async () => {
    using project = await temporaryProject();
    const { stderr, exitCode } = await nuvom(["worker", "--drain", "--root", "."], { cwd: project.path });
    expect(stderr).toBe(`no tasks in ${project.path}; nuvom init adds a first one\n`);
    expect(exitCode).toBe(0);
  });
});

describe("a worker that is signalled", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "by %s lets its running job end and exits with 0",
    async (signal) => {
      await using busy = await busyWorker();
      const { worker, job } = busy;
      // As `bunx` passes it on.
      worker.program.kill(signal);
      worker.program.kill(signal);
      await until(async () => worker.errors().endsWith("\n"));
      expect(worker.errors()).toBe(
        `${signal}: stopping; running jobs have 10s to end. Once more to exit now.\n`,
      );
      expect(await job.state()).toBe("running");
      busy.finishJob();
      expect(await worker.program.exited).toBe(0);
      expect(await job.state()).toBe("succeeded");
    },
  );

  test("gives back what has not ended within --grace, and exits with 0", async () => {
    await using busy = await busyWorker(["--grace", "50"]);
    expect((await busy.worker.stop()).exitCode).toBe(0);
    expect(await busy.job.get()).toMatchObject({ state: "pending", attempt: 0 });
  });

  test("twice exits at once, and not with 0", async () => {
    await using busy = await busyWorker(["--grace", "10m"]);
    const { worker, job } = busy;
    worker.program.kill("SIGTERM");
    await until(async () => worker.errors().includes("Once more to exit now"));
    // The same signal a moment later may be an echo.
    await Bun.sleep(600);
    worker.program.kill("SIGTERM");
    expect(await worker.program.exited).toBe(1);
    expect(await job.state()).toBe("running");
  });
});
