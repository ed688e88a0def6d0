import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { StorageUnavailableError } from "../../src/index.ts";
import { openStorage } from "../../src/storage/open.ts";
import { aJob, aSchedule, aWorker, idsOf, leaseEnd, now, succeeded } from "../../src/testing/builders.ts";
import { startProxy } from "../support/proxy.ts";
import { startRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";

let server: Awaited<ReturnType<typeof startRedis>>;
let client: Bun.RedisClient;
beforeAll(async () => {
  server = await startRedis();
  client = new Bun.RedisClient(server.url);
});
afterAll(async () => {
  client.close();
  await server.stop();
});

/** Opens handles that are closed when the scope ends. */
function handles() {
  const prefix = crypto.randomUUID();
  const opened: ReturnType<typeof openStorage>[] = [];
  return {
    open(url = server.url, options = "") {
      const handle = openStorage(`${url}?prefix=${prefix}${options}`);
      opened.push(handle);
      return handle;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((handle) => handle.close()));
    },
  };
}

describe("a connection that is lost", () => {
  test("during its handshake is made again", async () => {
    await using at = handles();
    let cuts = 0;
    using proxy = startProxy(server.port, { request: (text) => !text.includes("INFO") || cuts++ > 0 });
    const storage = at.open(proxy.url);
    expect(await storage.insert([aJob()])).toHaveLength(1);
    expect(cuts).toBe(2);
  });

  test("before the answer came: a job is added once", async () => {
    await using at = handles();
    let cuts = 0;
    let asked = false;
    using proxy = startProxy(server.port, {
      request(text) {
        asked ||= text.includes("EVALSHA");
        return true;
      },
      answer: () => !asked || cuts++ > 0,
    });
    const storage = at.open(proxy.url);
    const job = aJob();
    expect(await storage.insert([job])).toEqual([job.id]);
    expect(cuts).toBeGreaterThan(1);
    expect(await storage.list({}, { limit: 9 })).toHaveLength(1);
  });

  test("before the answer came: what might happen twice is not repeated", async () => {
    await using at = handles();
    let cut = false;
    using proxy = startProxy(server.port, { answer: () => !cut });
    const storage = at.open(proxy.url);
    await storage.heartbeat(aWorker());
    await storage.claim("w1", ["default"], 1, now);
    await storage.insert([aJob()]);
    const calls = [
      () => storage.claim("w1", ["default"], 1, now),
      // Had it ended in the meantime, nothing would tell that it was there.
      () => storage.insert([aJob({ keepFor: 0 })]),
    ];
    for (const call of calls) {
      cut = false;
      await storage.counts();
      cut = true;
      await expect(call()).rejects.toThrow("whether it took effect is not known");
    }
    const direct = at.open();
    expect(await direct.counts()).toMatchObject([{ running: 1, pending: 1 }]);
  });
});

test("a server that becomes a read-only replica is left, and refused until it takes writes again", async () => {
  await using primary = await startRedis();
  await using at = handles();
  const storage = at.open(primary.url);
  await storage.insert([aJob()]);
  const control = new Bun.RedisClient(primary.url);
  await control.send("REPLICAOF", ["127.0.0.1", String(server.port)]);
  await expect(storage.insert([aJob()])).rejects.toThrow("read-only replica");
  await control.send("REPLICAOF", ["NO", "ONE"]);
  await until(() => storage.insert([aJob()]).then(Boolean, () => false));
  control.close();
});

test("a Redis that has lost its data is seen as it is: other queues, and jobs to recover in them", async () => {
  await using own = await startRedis();
  await using at = handles();
  const [old, other] = [at.open(own.url), at.open(own.url)];
  await old.insert([aJob({ queue: "mail" })]);
  await old.counts();
  const control = new Bun.RedisClient(own.url);
  await control.send("FLUSHALL", []);
  control.close();
  const job = aJob();
  await other.heartbeat(aWorker());
  await other.insert([job]);
  await other.claim("w1", ["default"], 1, now);
  expect(await old.get([job.id])).toMatchObject([{ state: "running" }]);
  expect(await old.counts()).toMatchObject([{ name: "default", running: 1 }]);
  expect(await old.recover(leaseEnd)).toEqual([job.id]);
});

test("large inputs: one job is listed, and few are claimed, without reading all of them", async () => {
  await using at = handles();
  const storage = at.open();
  const jobs = Array.from({ length: 40 }, () => aJob({ input: new Uint8Array(1024 * 1024) }));
  for (const job of jobs) await storage.insert([job]);
  await storage.heartbeat(aWorker());
  const sent = async () => {
    return Number(/total_net_output_bytes:(\d+)/.exec(await client.send("INFO", ["stats"]))?.[1]);
  };
  const before = await sent();
  expect(idsOf(await storage.list({}, { limit: 1 }))).toEqual([jobs.at(-1)!.id]);
  expect((await sent()) - before).toBeLessThan(2 * 1024 * 1024);
  await client.send("CONFIG", ["RESETSTAT"]);
  expect(await storage.claim("w1", ["default"], 40, now)).toHaveLength(4);
  expect(await storage.list({ worker: "w1" }, { limit: 99 })).toHaveLength(4);
  expect(await storage.list({}, { limit: 99 })).toHaveLength(40);
});

test("a batch with a job that cannot be stored adds nothing", async () => {
  await using at = handles();
  const storage = at.open();
  await expect(storage.insert([aJob(), aJob({ runAt: Number.NaN })])).rejects.toThrow("cannot be stored");
  expect(await storage.list({}, { limit: 9 })).toEqual([]);
});

test("a queue whose name Redis would give back as another is refused, and others go on", async () => {
  await using at = handles();
  const storage = at.open();
  const queue = "news-😀".slice(0, 6);
  await expect(storage.insert([aJob({ queue })])).rejects.toThrow("half of a character");
  await expect(storage.pause(queue, true)).rejects.toThrow("half of a character");
  expect(await storage.counts()).toEqual([]);
});

test("a Redis that does not answer is told from one that hung up", async () => {
  await using own = await startRedis();
  await using at = handles();
  const storage = at.open(own.url, "&timeout=300ms");
  await storage.heartbeat(aWorker());
  await storage.insert([aJob()]);
  const [job] = await storage.claim("w1", ["default"], 1, now);
  process.kill(own.pid, "SIGSTOP");
  const calls = [() => storage.counts(), () => storage.settle("w1", [succeeded(job!)], now)];
  for (const call of calls) {
    const error = await call().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StorageUnavailableError);
    expect(String(error)).toContain("no answer within 300ms");
  }
  process.kill(own.pid, "SIGCONT");
});

test("large schedules are read a few at a time", async () => {
  await using at = handles();
  const storage = at.open();
  const definition = new Uint8Array(1024 * 1024);
  for (let index = 0; index < 12; index++) {
    const to = aSchedule({ id: `s${index}`, definition });
    await storage.changeSchedules([{ id: to.id, from: null, to, jobs: [] }]);
  }
  const next = await storage.nextSchedules(500);
  expect(next.length).toBeWithin(1, 6);
  expect(next[0]!.id).toBe("s0");
  expect(await storage.schedules()).toHaveLength(12);
  expect(idsOf(await storage.schedules(["s7", "none", "s3"]))).toEqual(["s3", "s7"]);
});
