import { join } from "node:path";
import { createBunRedisClient, Queue, Worker, type WorkerOptions } from "bullmq";
import { RedisClient } from "bun";
import type { Contest, Contestant, Payload } from "../contestant.ts";
import { trackProgress } from "./progress.ts";

type Connect = (redis: string) => WorkerOptions["connection"];

/** BullMQ makes the client itself, of ioredis, as it does by default. */
const byIoredis: Connect = (redis) => ({ url: redis });
const byBun: Connect = (redis) => createBunRedisClient(new RedisClient(redis));

const name = "bench";
/** "Something between 100 and 300 is a quite standard setting": https://docs.bullmq.io/guide/parallelism-and-concurrency */
const concurrency = 100;
/** One child process a job that runs: https://docs.bullmq.io/guide/workers/sandboxed-processors */
const childProcesses = 2;

const common = {
  kind: "peer",
  storage: "redis",
  durability: "as the Redis, here without a log: a crash of it loses all",
  survives: "program crash",
} as const;

const inProcess = {
  ...common,
  contests: ["one at a time", "in flight", "bulk", "drain"],
} as const;

const sandboxed = { ...common, contests: ["drain"] } as const;

export const contestants: Contestant[] = [
  {
    ...inProcess,
    name: "BullMQ",
    setup: "a worker in the same process, concurrency 100; ioredis",
    open: ({ redis }) => open(() => byIoredis(redis), false),
  },
  {
    ...inProcess,
    name: "BullMQ, Bun's Redis client",
    setup: "a worker in the same process, concurrency 100; createBunRedisClient",
    open: ({ redis }) => open(() => byBun(redis), false),
  },
  {
    ...sandboxed,
    name: "BullMQ, sandboxed",
    setup: "2 child processes of one sandboxed worker, concurrency 2; ioredis",
    open: ({ redis }) => open(() => byIoredis(redis), true),
  },
  {
    ...sandboxed,
    name: "BullMQ, sandboxed, Bun's Redis client",
    setup: "2 child processes of one sandboxed worker, concurrency 2; createBunRedisClient",
    open: ({ redis }) => open(() => byBun(redis), true),
  },
];

async function open(connection: () => WorkerOptions["connection"], isolated: boolean): Promise<Contest> {
  const progress = trackProgress();
  const queue = new Queue<Payload, number>(name, { connection: connection() });
  queue.on("error", progress.fail);
  await queue.pause();
  let worker: Worker<Payload, number> | null = null;
  return {
    enqueue: (payload) => queue.add(name, payload),
    enqueueMany: (payloads) => queue.addBulk(payloads.map((data) => ({ name, data }))),
    async drain(count) {
      worker ??= startWorker();
      await progress.drain(count, () => queue.resume());
      await queue.pause();
    },
    async delivered() {
      const jobs = await queue.getCompleted(0, -1);
      const delivered = progress.delivered(
        jobs.map(({ data, returnvalue }) => ({ index: data.index, result: returnvalue })),
      );
      // Child processes cannot be asked, but BullMQ counts how often it began each job.
      if (isolated) for (const job of jobs) delivered.set(job.data.index, job.attemptsStarted);
      return delivered;
    },
    async close() {
      // Does not wait for a job that never ends: that is the problem to be told.
      await worker?.close(true);
      await queue.close();
    },
  };

  function startWorker() {
    const started = isolated
      ? new Worker<Payload, number>(name, join(import.meta.dir, "bullmq-processor.ts"), {
          connection: connection(),
          concurrency: childProcesses,
        })
      : new Worker<Payload, number>(name, async (job) => progress.deliver(job.data), {
          connection: connection(),
          concurrency,
        });
    started.on("completed", () => progress.stored());
    started.on("failed", (_, error) => progress.fail(error));
    started.on("error", progress.fail);
    return started;
  }
}
