import { describe, expect, test } from "bun:test";
import {
  type NewJob,
  StorageError,
  StorageUnavailableError,
  startWorker,
  type WorkerEvent,
} from "../../src/index.ts";
import { openStorage } from "../../src/storage/open.ts";
import type { QueueCounts } from "../../src/storage/storage.ts";
import { aJob, aWorker, idsOf, now, succeeded } from "../../src/testing/builders.ts";
import { startRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";
import { fixtures } from "../support/worker.ts";

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Opens a storage on a Redis with these arguments, gives it to `look`, and closes both. */
async function on<T>(
  args: string[],
  look: (storage: ReturnType<typeof openStorage>) => Promise<T>,
): Promise<T> {
  await using server = await startRedis({ args });
  const storage = openStorage(server.url);
  try {
    return await look(storage);
  } finally {
    await storage.close();
  }
}

describe("a Redis that cannot keep jobs is refused in plain words", () => {
  const refusal = (args: string[]) =>
    on(args, (storage) => storage.queues().then(String, (error: unknown) => error));

  test("a read-only replica", async () => {
    await using primary = await startRedis();
    const error = await refusal(["--replicaof", `127.0.0.1 ${primary.port}`]);
    expect(error).toBeInstanceOf(StorageError);
    expect(String(error)).toContain(
      `this is a read-only replica: give the address of the primary, 127.0.0.1:${primary.port}`,
    );
  });

  test("a cluster", async () => {
    const error = await refusal(["--cluster-enabled", "yes"]);
    expect(String(error)).toContain("this is a cluster");
    expect(error).not.toBeInstanceOf(StorageUnavailableError);
  });

  test("one that needs a password: a worker does not even start, nor leaves a process", async () => {
    await using server = await startRedis({ args: ["--requirepass", "secret"] });
    const storage = server.url.replace("://", "://:wrong@");
    const pids: number[] = [];
    const onEvent = (event: WorkerEvent) => {
      if (event.type === "process-started") pids.push(event.pid);
    };
    const error = await startWorker({ storage, root: fixtures, processes: 2, onEvent }).catch(
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(StorageError);
    expect(pids).toHaveLength(2);
    await until(async () => !pids.some((pid) => isAlive(pid)));
    expect(String(error)).toMatch(/password/);
    expect(String(error)).not.toContain("wrong@");
  });
});

describe("check warns", () => {
  const warnings = (args: string[], now = Date.now()) =>
    on(args, async (storage) => (await storage.check(now)).warnings);

  test("of nothing on a good server", async () => {
    expect(await warnings([])).toEqual([]);
    expect(await warnings(["--maxmemory", "100mb", "--maxmemory-policy", "noeviction"])).toEqual([]);
  });

  test("of a policy that evicts", async () => {
    const found = await warnings(["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("maxmemory-policy allkeys-lru");
  });

  test("of a clock that is off by more than a second", async () => {
    const [ahead] = await warnings([], Date.now() + 2_500);
    expect(ahead).toMatch(/the clock here is [12]\.\d s ahead of that of Redis/);
    const [behind] = await warnings([], Date.now() - 61_000);
    expect(behind).toMatch(/the clock here is 6[12]\.\d s behind that of Redis/);
    expect(await warnings([], Date.now() - 500)).toEqual([]);
  });

  test.each([
    [["--appendonly", "no"], "loses every job"],
    [["--appendonly", "no", "--save", "3600 1 300 100"], "loses what came after its last snapshot"],
    [
      ["--appendonly", "yes", "--appendfsync", "everysec"],
      "may lose the last moments (appendfsync everysec)",
    ],
    [["--appendonly", "yes", "--appendfsync", "always"], "every confirmed job survives"],
  ])("nobody, but says what survives, with %j", async (args, durability) => {
    expect((await on(args, (storage) => storage.check(Date.now()))).durability).toContain(durability);
  });

  test("and a worker says so when it starts", async () => {
    await using server = await startRedis({
      args: ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-random"],
    });
    const events: WorkerEvent[] = [];
    const onEvent = (event: WorkerEvent) => void events.push(event);
    const worker = await startWorker({ storage: server.url, root: fixtures, processes: 1, onEvent });
    await worker.stop();
    expect(events).toContainEqual({ type: "warning", text: expect.stringContaining("allkeys-random") });
  });
});

test("a Redis that is full takes no jobs in, but those in it are run and make room", async () => {
  await on(["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"], async (storage) => {
    const input = new Uint8Array(10_000);
    const inserted: NewJob[] = [];
    const insert = async () => {
      const jobs = Array.from({ length: 20 }, () => aJob({ input, keepFor: 0 }));
      await storage.insert(jobs);
      inserted.push(...jobs);
    };
    const fill = async () => {
      for (;;) await insert();
    };
    await storage.heartbeat(aWorker());
    await expect(fill()).rejects.toThrow("Redis has reached its maxmemory");
    const [{ pending }] = (await storage.counts()) as [QueueCounts];
    expect(pending).toBe(inserted.length);
    const claimed = await storage.claim("w1", ["default"], 100, now);
    expect(idsOf(claimed)).toEqual(idsOf(inserted.slice(0, 100)));
    expect(await storage.settle("w1", claimed.map(succeeded), now)).not.toContain(false);
    await insert();
    expect(await storage.counts()).toMatchObject([{ pending: pending - 80, running: 0 }]);
  });
});

test("a worker that starts while Redis is away works when it comes", async () => {
  await using server = await startRedis();
  await server.kill();
  const events: WorkerEvent[] = [];
  const back = Promise.withResolvers<void>();
  const worker = await startWorker({
    storage: `${server.url}?timeout=200ms`,
    root: fixtures,
    processes: 1,
    onEvent(event) {
      events.push(event);
      if (event.type === "storage-back") back.resolve();
    },
  });
  expect(events).toContainEqual({
    type: "storage-error",
    error: expect.any(StorageUnavailableError),
    retryIn: 0,
  });
  await server.restart();
  await back.promise;
  await worker.stop();
});
