/**
 * How many bytes a pending job takes in Redis, in Nuvom and in BullMQ, each with its defaults and its own servers.
 * `bun bench/redis-memory.ts [jobs]`; BullMQ is installed in `bench/compare` if it is missing.
 */
import { join } from "node:path";
import { Nuvom, task } from "nuvom";
import { startRedis } from "../test/support/redis.ts";
import { installPeers } from "./compare/all.ts";
import { usedMemory } from "./used-memory.ts";

interface Input {
  to: string;
  id: number;
}

interface Memory {
  /** What the server says it uses. */
  used: number;
  /** The sum over all keys. */
  keys: number;
  /** Of these, BullMQ's log of events, which it cuts at some 10,000. */
  events: number;
}

/** Adds jobs that are due after a delay in milliseconds, and leaves the server. */
type Enqueue = (url: string, inputs: Input[], delay: number) => Promise<void>;

const count = Number(process.argv[2] ?? 10_000);
const hour = 3_600_000;
const perCall = 1_000;
/** Several, as BullMQ's larger jobs are all 32 bytes larger or smaller by the random seed of a server's hash tables. */
const servers = 5;
const queueName = "default";
const send = task<Input, void>("send", () => {});
const { Queue } = await importBullMQ();

const cases = [
  { size: 25, delay: 0 },
  { size: 100, delay: 0 },
  { size: 1_000, delay: 0 },
  { size: 100, delay: hour },
];
const byKeys: Record<string, object> = {};
const byServer: Record<string, object> = {};
for (const { size, delay } of cases) {
  const nuvom = await meanBytesPerJob(enqueueInNuvom, size, delay);
  const bullmq = await meanBytesPerJob(enqueueInBullMQ, size, delay);
  const row = `about ${size} bytes of JSON${delay > 0 ? ", due in an hour" : ""}`;
  byKeys[row] = { ...compared(nuvom.keys, bullmq.keys), "BullMQ's log of events": bullmq.events };
  byServer[row] = compared(nuvom.used, bullmq.used);
}
console.log(
  `Bytes per job, with ${count} jobs, mean of ${servers} servers: the sum of MEMORY USAGE over all keys`,
);
console.table(byKeys);
console.log("The same as the growth of used_memory");
console.table(byServer);

async function enqueueInNuvom(url: string, inputs: Input[], delay: number) {
  await using nuvom = new Nuvom({ storage: url });
  for (const some of chunks(inputs)) await nuvom.enqueueMany(send, some, { in: delay, queue: queueName });
}

async function enqueueInBullMQ(url: string, inputs: Input[], delay: number) {
  const { hostname, port } = new URL(url);
  const queue = new Queue(queueName, { connection: { host: hostname, port: Number(port) } });
  for (const some of chunks(inputs)) {
    await queue.addBulk(
      some.map((data) => ({ name: send.name, data, ...(delay > 0 && { opts: { delay } }) })),
    );
  }
  await queue.close();
}

async function meanBytesPerJob(enqueue: Enqueue, size: number, delay: number) {
  const measured: Memory[] = [];
  for (let i = 0; i < servers; i++) measured.push(await bytesPerJob(enqueue, size, delay));
  const mean = (what: keyof Memory) =>
    Math.round(measured.reduce((sum, memory) => sum + memory[what], 0) / servers);
  return { used: mean("used"), keys: mean("keys"), events: mean("events") };
}

/** The part that grows with the jobs: what the first one brings with it, such as scripts, is not counted. */
async function bytesPerJob(enqueue: Enqueue, size: number, delay: number): Promise<Memory> {
  await using server = await startRedis();
  const redis = new Bun.RedisClient(server.url);
  const [first, ...inputs] = Array.from({ length: count + 1 }, (_, index) => inputOf(size, index));
  await enqueue(server.url, [first!], delay);
  const before = await memoryOf(redis);
  await enqueue(server.url, inputs, delay);
  const after = await memoryOf(redis);
  redis.close();
  const perJob = (what: keyof Memory) => (after[what] - before[what]) / count;
  return { used: perJob("used"), keys: perJob("keys"), events: perJob("events") };
}

async function memoryOf(redis: Bun.RedisClient): Promise<Memory> {
  const used = await usedMemory(redis);
  const keys: string[] = await redis.send("KEYS", ["*"]);
  const sizes: number[] = await Promise.all(
    keys.map((key) => redis.send("MEMORY", ["USAGE", key, "SAMPLES", "0"])),
  );
  const events = keys.findIndex((key) => key.endsWith(":events"));
  return { used, keys: sizes.reduce((sum, size) => sum + size, 0), events: sizes[events] ?? 0 };
}

function inputOf(size: number, index: number): Input {
  const input = { to: "", id: 10_000 + index };
  // Up to a fifth more or less, as Redis rounds what it allocates up to sizes that are far apart.
  const length = Math.round(size * (0.8 + (0.4 * (index % 100)) / 99)) - JSON.stringify(input).length;
  return { ...input, to: "anna@example.org ".repeat(size).slice(0, length) };
}

function chunks<T>(items: T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / perCall) }, (_, index) =>
    items.slice(index * perCall, (index + 1) * perCall),
  );
}

function compared(nuvom: number, bullmq: number) {
  return { Nuvom: nuvom, BullMQ: bullmq, "BullMQ / Nuvom": Number((bullmq / nuvom).toFixed(2)) };
}

/** What is used of it here: this project must be checked without it. */
interface BullMQ {
  Queue: new (
    name: string,
    options: { connection: { host: string; port: number } },
  ) => {
    addBulk(jobs: { name: string; data: unknown; opts?: { delay: number } }[]): Promise<unknown>;
    close(): Promise<void>;
  };
}

async function importBullMQ(): Promise<BullMQ> {
  installPeers();
  return import(Bun.resolveSync("bullmq", join(import.meta.dir, "compare")));
}
