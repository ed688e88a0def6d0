import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { contests } from "../../cli/bench/contest.ts";
import { measure } from "../../cli/bench/measure.ts";
import { removeKeys } from "../../cli/bench/redis-keys.ts";
import { Nuvom, startWorker } from "../../src/index.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { temporaryFolder } from "../support/folder.ts";
import { nuvom, startNuvom } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";
import { startRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";
import { fixtures } from "../support/worker.ts";

/** A user's storage that nobody uses, with jobs of the user's own in it. */
async function plant(kind: "sqlite" | "redis") {
  const folder = temporaryFolder();
  const temporary = temporaryFolder();
  const server = kind === "redis" ? await startRedis({ args: ["--enable-debug-command", "yes"] }) : undefined;
  const redis = server && new Bun.RedisClient(server.url);
  // No more than the documents ask for.
  await redis?.send("ACL", ["SETUSER", "shop", "on", ">secret", "~shop:*", "+@all"]);
  const storage = server
    ? `redis://shop:secret@127.0.0.1:${server.port}?prefix=shop&timeout=500ms`
    : `sqlite:${folder.file("jobs.db")}?synchronous=normal`;
  const client = new Nuvom({ storage });
  await client.enqueue(tasks.echo, 1);
  await client.enqueue(tasks.echo, 2, { queue: "mail", in: "1d" });
  const options = { env: { NUVOM_STORAGE: storage, TMPDIR: temporary.path } };
  const keys = async () => (await redis!.send("KEYS", ["*"])) as string[];
  return {
    folder,
    storage,
    client,
    server,
    run: (...args: string[]) => nuvom(["bench", ...args], options),
    start: (...args: string[]) => startNuvom(["bench", ...args], options),
    /** The names of files or keys of the bench. */
    made: async () => (redis ? await keys() : readdirSync(folder.path)).filter((name) => /bench-/.test(name)),
    /** All that there is, as it stands. */
    async contents() {
      const jobs = await client.storage.list({}, { limit: 1_000 });
      const queues = await client.storage.counts();
      const others = { temporary: readdirSync(temporary.path), workers: await client.storage.workers() };
      if (!redis) return { jobs, queues, ...others, names: readdirSync(folder.path).sort() };
      const names = (await keys()).sort();
      const dumps = await Promise.all(names.map((name) => redis.send("DEBUG", ["DIGEST-VALUE", name])));
      return { jobs, queues, ...others, names, dumps };
    },
    /** Resolves when the bench's worker, which is needed first when something was enqueued, starts. */
    workerStarts: () =>
      until(
        async () => [...new Bun.Glob("*/.nuvom/*").scanSync({ cwd: temporary.path, dot: true })].length > 0,
      ),
    async [Symbol.asyncDispose]() {
      await client.close();
      redis?.close();
      await server?.stop();
      folder[Symbol.dispose]();
      temporary[Symbol.dispose]();
    },
  };
}

const rate = { jobs: 40, perSecond: expect.any(Number), problem: null };
const figures = {
  processes: 1,
  bun: Bun.version,
  enqueue: { oneAfterTheOther: { ...rate, jobs: 2 }, inFlight: rate, bulk: rate },
  run: rate,
  start: { jobs: 1, p50: expect.any(Number), p99: expect.any(Number), problem: null },
};
const few = ["--jobs", "40", "--processes", "1"];

describe.each(["sqlite", "redis"] as const)("nuvom bench on %s", (kind) => {
  test("prints what it measured, and leaves all as it was", async () => {
    await using site = await plant(kind);
    const before = await site.contents();
    const { stdout, stderr, exitCode } = await site.run(...few, "--json");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(JSON.parse(stdout)).toEqual({
      storage: site.storage.replace("secret", "***"),
      durability: (await site.client.storage.check(Date.now())).durability,
      warnings: [],
      ...figures,
    });
    expect(await site.contents()).toEqual(before);
    const table = await site.run(...few);
    expect(table.stdout).toMatch(
      /^storage .* \(.+\)\na worker with 1 process, Bun .*\n\nMEASURED +JOBS +RESULT$/m,
    );
    expect(table.stdout).toMatch(/^enqueue, 200 calls in flight +40 +[\d,]+ jobs\/s$/m);
    expect(table.stdout).not.toContain("secret");
    expect(await site.contents()).toEqual(before);
  }, 60_000);

  test("has jobs that no worker of the user takes, and takes none of theirs", async () => {
    await using site = await plant(kind);
    const { storage } = site;
    const events: string[] = [];
    const worker = await startWorker({
      storage,
      root: fixtures,
      processes: 1,
      onEvent: (event) => events.push(event.type === "succeeded" ? event.task : event.type),
    });
    await until(async () => events.includes("echo"));
    const later = site.run(...few, "--json");
    const { stdout, exitCode } = await later;
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject(figures);
    await worker.stop();
    expect(events.filter((event) => ["claimed", "unfit", "recovered"].includes(event))).toEqual(["claimed"]);
    expect((await site.client.storage.counts()).map(({ name, added }) => [name, added])).toEqual([
      ["default", 1],
      ["mail", 1],
    ]);
    expect(await site.made()).toEqual([]);
  }, 60_000);

  test.each(["SIGINT", "SIGTERM"] as const)(
    "leaves nothing when %s comes while it enqueues",
    async (signal) => {
      await using site = await plant(kind);
      const before = await site.contents();
      const { program, ended } = site.start("--jobs", "1000000", "--processes", "1");
      await until(async () => (await site.made()).length > (kind === "redis" ? 4 : 3));
      program.kill(signal);
      const { stderr, exitCode } = await ended;
      expect(stderr).toContain(`${signal}: stopping, and deleting what was made; once more to exit now`);
      expect(stderr).toContain(`nuvom: interrupted by ${signal}`);
      expect(exitCode).toBe(1);
      expect(await site.contents()).toEqual(before);
    },
    60_000,
  );

  test("leaves nothing when it is interrupted as its worker starts", async () => {
    await using site = await plant(kind);
    const before = await site.contents();
    const { program, ended } = site.start("--jobs", "2000", "--processes", "1");
    await site.workerStarts();
    program.kill("SIGINT");
    expect((await ended).exitCode).toBe(1);
    expect(await site.contents()).toEqual(before);
  }, 60_000);
});

test.each(["memory:shared", "sqlite::memory:"])(
  "nuvom bench on %s",
  async (storage) => {
    const { stdout, stderr, exitCode } = await nuvom(["bench", ...few, "--json", "--storage", storage]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(JSON.parse(stdout)).toEqual({
      storage,
      durability: "jobs end with this program",
      warnings: [],
      ...figures,
    });
  },
  60_000,
);

test("nuvom bench does as is set for the project where that is about the machine, and not where it is about its jobs", async () => {
  using project = await temporaryProject({
    "nuvom.config.ts":
      "export default { storage: 'sqlite:data/own.db', processes: 1, keep: 0, queues: ['b'] };",
  });
  const env = { NUVOM_EXCLUDE: "*", NUVOM_INCLUDE: "tasks", NUVOM_QUEUE: "mail", NUVOM_QUEUES: "mail" };
  const { stdout, exitCode } = await nuvom(["bench", "--jobs", "40", "--json"], { cwd: project.path, env });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ storage: `sqlite:${project.file("data/own.db")}`, ...figures });
  expect(readdirSync(project.path).sort()).toEqual(["node_modules", "nuvom.config.ts", "package.json"]);
}, 60_000);

describe("nuvom bench says so and exits with 1 if", () => {
  test("a job is lost", async () => {
    await using site = await plant("sqlite");
    const { ended } = site.start("--jobs", "1000", "--processes", "1", "--json");
    await until(async () => (await site.made()).some((name) => deletesOneOf(site.folder.file(name))));
    const { stdout, stderr, exitCode } = await ended;
    expect(stderr).toMatch(
      /^nuvom: enqueue, .*: of [\d,]+ jobs 1 was lost and 0 were done more than once\n$/,
    );
    expect(exitCode).toBe(1);
    const { enqueue } = JSON.parse(stdout);
    const wrong = Object.values<{ perSecond: number | null }>(enqueue).filter(
      (one) => one.perSecond === null,
    );
    expect(wrong).toEqual([expect.objectContaining({ problem: expect.stringContaining("1 was lost") })]);
    expect(await site.made()).toEqual([]);
  }, 60_000);

  test("Redis goes away in the middle, which leaves something", async () => {
    await using site = await plant("redis");
    const { ended } = site.start("--jobs", "1000000", "--processes", "1");
    await until(async () => (await site.made()).length > 4);
    await site.server!.kill();
    const { stderr, exitCode } = await ended;
    expect(stderr).toMatch(
      /^nuvom: storage redis:.*\nnuvom: the keys shop:bench-\w+-\* could not be deleted: storage redis:.*; delete them yourself\n$/,
    );
    expect(stderr).not.toContain("secret");
    expect(exitCode).toBe(1);
  }, 60_000);

  test("there is no Redis, which leaves nothing", async () => {
    const { stdout, stderr, exitCode } = await nuvom([
      "bench",
      ...few,
      "--storage",
      "redis://me:secret@127.0.0.1:1?timeout=300ms",
    ]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toMatch(/^nuvom: storage redis:\/\/me:\*\*\*@127\.0\.0\.1:1 cannot be reached.*\n$/);
  });

  test("there can be no file", async () => {
    using folder = temporaryFolder();
    await Bun.write(folder.file("text"), "no folder");
    const storage = `sqlite:${folder.file("text/jobs.db")}`;
    const { stdout, stderr, exitCode } = await nuvom(["bench", ...few, "--storage", storage]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain(`${folder.file("text")} is a file, not a folder`);
  });
});

/** Whether there was a pending job in the file of a storage, which is now gone. */
function deletesOneOf(file: string): boolean {
  if (!file.endsWith(".db")) return false;
  try {
    using database = new Database(file, { create: false, readwrite: true });
    const { changes } = database.run(
      "DELETE FROM jobs WHERE id = (SELECT id FROM jobs WHERE state = 'pending' LIMIT 1)",
    );
    return changes > 0;
  } catch (error) {
    // It is being made, or is in use.
    if (/no such table|locked|unable to open/.test(String(error))) return false;
    throw error;
  }
}

test("jobs are counted that were lost, and those that were done twice", async () => {
  const done = new Map<number, number>();
  const add = async (jobs: readonly { index: number }[]) => {
    for (const { index } of jobs) done.set(index, index === 3 ? 2 : 1);
    done.delete(7);
  };
  const contest = {
    enqueue: (job: { index: number }) => add([job]),
    enqueueMany: add,
    drain: async () => {},
    delivered: async () => done,
    close: async () => {},
  };
  for (const name of contests) {
    done.clear();
    expect(await measure(contest, name, 10)).toEqual({
      perSecond: null,
      problem: "of 12 jobs 1 was lost and 1 was done more than once",
    });
  }
});

test("of the keys of a Redis those are deleted that begin so, and no others", async () => {
  await using server = await startRedis();
  const client = new Bun.RedisClient(server.url);
  const names = (prefix: string) => Array.from({ length: 2_000 }, (_, index) => `${prefix}${index}`);
  const [own, others] = [names("a*[b]?-"), [...names("axb1-"), ...names("a*[b]?"), "b:a*[b]?-1"]];
  await client.send(
    "MSET",
    [...own, ...others].flatMap((name) => [name, "1"]),
  );
  await removeKeys(server.url, "a*[b]?-");
  expect(((await client.send("KEYS", ["*"])) as string[]).sort()).toEqual(others.sort());
  client.close();
});

test("nuvom bench refuses a storage of the project's own, and says why", async () => {
  using project = await temporaryProject({
    "nuvom.config.ts": `
      import { openStorage } from "nuvom";
      export default { storage: () => openStorage("sqlite:own.db") };`,
  });
  const { stdout, stderr, exitCode } = await nuvom(["bench", ...few], { cwd: project.path });
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
  expect(stderr).toContain("a queue that it made there would stay");
  expect(stderr).toContain("nuvom bench --storage memory:");
  expect(await Bun.file(project.file("own.db")).exists()).toBe(false);
});
