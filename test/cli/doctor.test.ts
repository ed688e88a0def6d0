import { describe, expect, test } from "bun:test";
import { Nuvom, openStorage, startWorker, task, type WorkerRecord } from "../../src/index.ts";
import { nuvom, startNuvom } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";
import { startRedis } from "../support/redis.ts";

const source = (name: string) =>
  `import { task } from "nuvom"; export const it = task(${JSON.stringify(name)}, () => 1);`;

function workerRecord(given: Partial<WorkerRecord>): WorkerRecord {
  const now = Date.now();
  const times = { startedAt: now - 600_000, seenAt: now, claimedAt: now, leaseUntil: now + 60_000 };
  return { id: "w1", host: "web-1", pid: 7, queues: [], project: "p", release: "", ...times, ...given };
}

/** A project whose sources define `known`, and a client of its storage. */
async function plant(url?: string) {
  const project = await temporaryProject({ "tasks/known.ts": source("known") });
  const storage = url ?? `sqlite:${project.file("jobs.db")}`;
  const client = new Nuvom({ storage });
  const run = (...args: string[]) => nuvom(args, { cwd: project.path, env: { NUVOM_STORAGE: storage } });
  return {
    project,
    storage,
    client,
    run,
    async doctor() {
      const { stdout, exitCode } = await run("doctor", "--json");
      const findings: { verdict: string; text: string }[] = JSON.parse(stdout);
      return {
        findings,
        exitCode,
        of: (verdict: string) => findings.filter((f) => f.verdict === verdict).map(({ text }) => text),
      };
    },
    enqueue: (name: string, options = {}) =>
      client.enqueue(
        task<unknown, unknown>(name, () => 1),
        1,
        options,
      ),
    async [Symbol.asyncDispose]() {
      await client.close();
      project[Symbol.dispose]();
    },
  };
}

describe("nuvom doctor", () => {
  test("finds nothing wrong where nothing is", async () => {
    await using site = await plant();
    await site.client.storage.heartbeat(workerRecord({}));
    await site.enqueue("known");
    const { exitCode, of } = await site.doctor();
    expect(of("wrong")).toEqual([]);
    expect(of("doubtful")).toEqual([]);
    expect(of("good").join("\n")).toMatch(
      /Bun 1\.[\s\S]*1 task in .*[\s\S]*survives a power failure[\s\S]*1 live worker/,
    );
    expect(exitCode).toBe(0);
  });

  test("tells of sources, jobs, queues and workers that are not as they should be", async () => {
    await using site = await plant();
    const now = Date.now();
    await Bun.write(site.project.file("broken.ts"), 'import { task } from "nuvom"; task(');
    await site.enqueue("gone", { queue: "mail" });
    await site.enqueue("gone");
    await site.client.schedule(
      task("gone", () => 1),
      undefined,
      { every: "1h", id: "hourly" },
    );
    await site.client.storage.pause("mail", true);
    await site.client.storage.heartbeat(workerRecord({ id: "stuck", claimedAt: now - 300_000 }));
    await site.client.storage.heartbeat(
      workerRecord({ id: "dead", seenAt: now - 60_000, leaseUntil: now - 50_000 }),
    );
    await site.client.storage.heartbeat(workerRecord({ id: "early", seenAt: now + 60_000 }));
    const { exitCode, of } = await site.doctor();
    expect(of("wrong").join("\n")).toMatch(/broken\.ts:1: does not parse/);
    expect(of("wrong").join("\n")).toMatch(/worker stuck .* lives, but has last asked for jobs 5m/);
    expect(of("wrong").join("\n")).toMatch(/the clock of worker early .* is ahead by (1m|[45]\d)/);
    expect(of("wrong").join("\n")).toContain(
      'no source defines the task "gone", for which there are 2 pending jobs and the schedule hourly',
    );
    expect(of("doubtful").join("\n")).toContain("the queue mail is paused");
    expect(of("doubtful").join("\n")).toMatch(/worker dead .* was last heard of 1m( \d+s)? ago/);
    expect(exitCode).toBe(1);
  });

  test("doubts no worker that has stopped as it should", async () => {
    await using site = await plant();
    const { storage, project } = site;
    const worker = await startWorker({ storage, root: project.path, processes: 1, drain: true });
    await worker.stopped;
    const { of } = await site.doctor();
    expect(of("doubtful")).toEqual(["no worker is running; start one with nuvom worker"]);
  });

  test("says what is wrong with a configuration and a storage, and looks at the rest all the same", async () => {
    await using site = await plant();
    const doctor = async () => (await site.run("doctor")).stdout;
    await Bun.write(site.project.file("nuvom.config.ts"), "export default { proceses: 1 };");
    expect(await doctor()).toMatch(/^wrong +nuvom.config.ts: .*did you mean processes[\s\S]*^good +1 task/m);
    await Bun.write(
      site.project.file("nuvom.config.ts"),
      "export default { storage: 'redis://me:secret@localhost:1?timeout=300ms' };",
    );
    // This program has loaded what was there before.
    const { stdout, exitCode } = await startNuvom(["doctor"], { cwd: site.project.path }).ended;
    expect(stdout).toMatch(/^wrong +storage redis:\/\/.*localhost:1.* cannot be reached/m);
    expect(stdout).not.toContain("secret");
    expect(exitCode).toBe(1);
  });

  test("says of a Redis what survives its crash", async () => {
    await using server = await startRedis();
    await using site = await plant(server.url);
    const { of } = await site.doctor();
    expect(of("good").join("\n")).toContain("a crash of Redis loses every job");
  });
});

test("nuvom doctor and nuvom tasks --check --import find what only importing a file can tell", async () => {
  await using site = await plant();
  await site.enqueue("known");
  const write = (name: string, text: string) =>
    Bun.write(site.project.file(`tasks/${name}.ts`), `import { task } from "nuvom"; ${text}`);
  await write("cron", 'export const it = task("cron", { cron: "61 * * * *", run: () => 1 });');
  await write("both", 'export const it = task("both", { every: "5m", cron: "@daily", run: () => 1 });');
  await write("time", 'export const it = task("time", { timeout: "30 s", run: () => 1 });');
  await write("gone", 'import "./nowhere.ts"; export const it = task("gone", () => 1);');
  await write("exits", 'process.exit(3); export const it = task("exits", () => 1);');
  await write(
    "input",
    `import { z } from "zod";
    export const it = task("input", { input: z.string(), every: "5m", run: () => 1 });`,
  );
  expect((await site.run("tasks", "--check")).exitCode).toBe(0);
  const check = await site.run("tasks", "--check", "--import");
  expect(check.exitCode).toBe(1);
  const { of, exitCode } = await site.doctor();
  expect(exitCode).toBe(1);
  for (const text of [check.stderr, of("wrong").join("\n")]) {
    expect(text).toMatch(/tasks\/cron\.ts:1: task "cron" cannot be used: .*61/);
    expect(text).toMatch(/tasks\/both\.ts:1: task "both" cannot be used: .*every and cron/);
    expect(text).toMatch(
      /tasks\/time\.ts:1: task "time" cannot be used: .*timeout: "30 s" is not a duration/,
    );
    expect(text).toMatch(/tasks\/gone\.ts:1: task "gone" cannot be used: .*nowhere/);
    expect(text).toMatch(/tasks\/exits\.ts:1: task "exits" cannot be used: .*exit code 3/);
    expect(text).toMatch(/tasks\/input\.ts:\d: task "input" cannot be used: .*input/);
    expect(text).not.toContain('"known"');
  }
});

describe.each(["sqlite", "redis"])("nuvom tasks --check --storage, on %s,", (kind) => {
  test("fails if jobs or schedules wait for a task that is gone", async () => {
    await using server = kind === "redis" ? await startRedis() : undefined;
    await using site = await plant(server?.url);
    const check = () => site.run("tasks", "--check", "--storage", site.storage);
    for (let count = 0; count < 3; count++) await site.enqueue("known", { in: "1d" });
    expect((await check()).exitCode).toBe(0);
    const renamed = await site.enqueue("renamed", { in: "1d" });
    const { stderr, exitCode } = await check();
    expect(stderr).toContain('no source defines the task "renamed", for which there is 1 pending job:');
    expect(exitCode).toBe(1);
    expect((await site.run("tasks", "--check")).exitCode).toBe(0);
    await renamed.cancel();
    expect((await check()).exitCode).toBe(0);
    await site.client.schedule(
      task("renamed", () => 1),
      undefined,
      { every: "1h", id: "hourly" },
    );
    expect((await check()).stderr).toContain("there is the schedule hourly");
  });

  test("counts every job, and only those in the queues of the configuration", async () => {
    await using server = kind === "redis" ? await startRedis() : undefined;
    await using site = await plant(server?.url);
    const inputs = Array.from({ length: 2_500 }, (_, index) => index);
    await site.client.enqueueMany(
      task("gone", (_: number) => 1),
      inputs,
    );
    const { stderr } = await site.run("tasks", "--check", "--storage", site.storage);
    expect(stderr).toContain("there are 2,500 pending jobs");
    await Bun.write(site.project.file("nuvom.config.ts"), "export default { queues: ['mail'] };");
    expect((await site.run("tasks", "--check", "--storage", site.storage)).exitCode).toBe(0);
  });
});

test("a storage without --check is a wrong call, as nothing would be looked at", async () => {
  await using site = await plant();
  expect((await site.run("tasks", "--storage", site.storage)).exitCode).toBe(2);
  await openStorage(site.storage).close();
});
