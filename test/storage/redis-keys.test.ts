import { afterAll, beforeAll, expect, test } from "bun:test";
import { openStorage } from "../../src/storage/open.ts";
import type { Storage } from "../../src/storage/storage.ts";
import {
  aJob,
  aSchedule,
  aWorker,
  idsOf,
  now,
  put,
  released,
  remove,
  retried,
  succeeded,
} from "../../src/testing/builders.ts";
import { startRedis } from "../support/redis.ts";
import { commandsDuring } from "../support/redis-monitor.ts";

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

/** One call of each operation that changes or reads jobs, over two queues. */
async function everything(storage: Storage) {
  const jobs = ["a", "b"].flatMap((queue) => [aJob({ queue, key: "k" }), aJob({ queue }), aJob({ queue })]);
  await storage.insert(jobs);
  await storage.heartbeat(aWorker());
  const [first, second, third] = await storage.claim("w1", ["a", "b"], 3, now);
  await storage.cancel(idsOf(jobs), "why", now);
  await storage.settle("w1", [succeeded(first!), retried(second!), released(third!)], now);
  await storage.retry([first!.id], now);
  await storage.get(idsOf(jobs));
  for (const state of ["pending", "running", "cancelled", undefined] as const) {
    await storage.list(state ? { state } : {}, { limit: 5 });
  }
  await storage.counts();
  await storage.nextRunAt(["a", "b"]);
  await storage.pause("a", true);
  await storage.pause("a", false);
  await storage.changeSchedules([put(aSchedule({ queue: "a" })), put(aSchedule({ id: "s2", queue: "b" }))]);
  const fired = put(aSchedule({ version: "v2", paused: true, queue: "a" }), "v1", [aJob({ queue: "b" })]);
  await storage.changeSchedules([fired, remove("s2", "v1")]);
  await storage.schedules();
  await storage.schedules(["s1"]);
  await storage.nextSchedules(1);
  await storage.claim("w1", ["a", "b"], 100, now);
  await storage.recover(now + 1e9);
  await storage.trim({ queue: "b", task: "test.task", state: "cancelled" }, 0, 1);
  await storage.prune(now + 1e9, 100);
}

test("scripts touch only the keys that they declare, and those of a queue share its hash tag", async () => {
  const storage = openStorage(`${server.url}?prefix=tagged`);
  const commands = await commandsDuring(server, () => everything(storage));
  await storage.close();
  let declared: string[] = [];
  let touched = 0;
  for (const { inScript, name, values } of commands) {
    if (!inScript) declared = name.startsWith("EVAL") ? values.slice(2, 2 + Number(values[1])) : [];
    else {
      touched++;
      expect(declared).toContain(values[0]!);
    }
  }
  expect(touched).toBeGreaterThan(100);
  const keys: string[] = await client.send("KEYS", ["tagged:*"]);
  const ofQueues = keys.filter((key) => key.includes("{"));
  expect(ofQueues.every((key) => /^tagged:\{[ab]\}:[a-z]+$/.test(key))).toBe(true);
  expect(new Set(ofQueues.map((key) => key.split(":")[1]))).toEqual(new Set(["{a}", "{b}"]));
});

test("an operation is one script however many jobs it moves", async () => {
  const storage = openStorage(`${server.url}?prefix=one`);
  await everything(storage);
  const jobs = Array.from({ length: 1_000 }, () => aJob());
  await storage.heartbeat(aWorker());
  const sent = async (work: () => Promise<unknown>) => {
    const commands = await commandsDuring(server, work);
    return commands.filter(({ inScript }) => !inScript).map(({ name }) => name);
  };
  expect(await sent(() => storage.insert(jobs))).toEqual(["EVALSHA"]);
  let claimed: Awaited<ReturnType<Storage["claim"]>> = [];
  const claim = async () => {
    claimed = await storage.claim("w1", ["default"], 1_000, now);
  };
  // The script, what it hands over, and the end of that, sent together.
  expect(await sent(claim)).toEqual(["EVALSHA", "GET", "DEL"]);
  expect(claimed).toHaveLength(1_000);
  expect(await sent(() => storage.settle("w1", claimed.map(succeeded), now))).toEqual(["EVALSHA"]);
  const schedules = jobs.map(({ id }) => put(aSchedule({ id: `s-${id}` }), null, [aJob()]));
  expect(await sent(() => storage.changeSchedules(schedules))).toEqual(["EVALSHA"]);
  await storage.close();
});

test("each change that makes work due leaves one token for one worker, and no more than one", async () => {
  const storage = openStorage(`${server.url}?prefix=woken`);
  const tokens = () => client.llen("woken:{default}:wake");
  const clear = () => client.del("woken:{default}:wake");
  await storage.heartbeat(aWorker());
  await storage.insert([aJob(), aJob()]);
  expect(await tokens()).toBe(1);
  await storage.insert([aJob()]);
  expect(await tokens()).toBe(1);

  const claimed = await storage.claim("w1", ["default"], 2, now);
  expect(await tokens()).toBe(1);
  claimed.push(...(await storage.claim("w1", ["default"], 2, now)));
  expect(await tokens()).toBe(0);

  const [a, b, c] = claimed;
  await storage.settle("w1", [succeeded(a!)], now);
  expect(await tokens()).toBe(0);
  const causes = [
    () => storage.retry([a!.id], now),
    () => storage.settle("w1", [released(b!)], now),
    () => storage.settle("w1", [retried(c!)], now),
    () => storage.pause("default", false),
    () => storage.changeSchedules([put(aSchedule())]),
    () => storage.changeSchedules([put(aSchedule({ version: "v2", paused: true }), "v1", [aJob()])]),
  ];
  for (const cause of causes) {
    await clear();
    await cause();
    expect(await tokens()).toBe(1);
  }
  await storage.claim("w1", ["default"], 99, now);
  await storage.recover(now + 1e9);
  expect(await tokens()).toBe(1);
  await storage.pause("default", true);
  await clear();
  await storage.insert([aJob()]);
  expect(await tokens()).toBe(0);
  await storage.close();
});
