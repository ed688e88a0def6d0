import { Database } from "bun:sqlite";
import { join } from "node:path";
import { decode } from "@msgpack/msgpack";
import { Queue, shutdownManager, Worker } from "bunqueue/client";
import type { Contest, Contestant, Payload } from "../contestant.ts";
import { trackProgress } from "./progress.ts";

const name = "bench";
/**
 * The batch that https://bunqueue.dev/guide/worker/options has. As many results are stored together, or after 50 ms:
 * with a lower concurrency, each batch would wait for that.
 */
const atATime = 100;

const common = {
  kind: "peer",
  storage: "sqlite",
  contests: ["one at a time", "in flight", "bulk", "drain"],
} as const;

export const contestants: Contestant[] = [
  {
    ...common,
    name: "bunqueue",
    durability:
      "up to 100 confirmed jobs wait in memory for up to 10 ms: a crash loses these, a power failure the last moments (synchronous=NORMAL)",
    survives: "nothing",
    setup: "embedded, a worker in the same process, concurrency 100, batchSize 100",
    open: ({ folder }) => open(join(folder, "jobs.db"), false),
  },
  {
    ...common,
    name: "bunqueue, durable",
    contests: ["one at a time", "in flight"],
    durability:
      "a crash loses nothing; a power failure may undo the last moments (synchronous=NORMAL, even with durable)",
    survives: "program crash",
    setup:
      "embedded, durable: true, a worker in the same process, concurrency 100, batchSize 100; its drain, some 400 jobs a second, would take minutes in each round, and is left out with what needs it",
    open: ({ folder }) => open(join(folder, "jobs.db"), true),
  },
];

async function open(dataPath: string, durable: boolean): Promise<Contest> {
  const progress = trackProgress();
  const queue = new Queue<Payload>(name, { embedded: true, dataPath, defaultJobOptions: { durable } });
  let worker: Worker<Payload, number> | null = null;
  return {
    enqueue: (payload) => queue.add(name, payload),
    enqueueMany: (payloads) => queue.addBulk(payloads.map((data) => ({ name, data }))),
    async drain(count) {
      await progress.drain(count, () => {
        if (worker) worker.resume();
        else worker = startWorker();
      });
      worker!.pause();
    },
    async delivered() {
      return progress.delivered(storedResults(dataPath));
    },
    async close() {
      // Does not wait for a job that never ends: that is the problem to be told.
      await worker?.close(true);
      await queue.disconnect();
      shutdownManager();
    },
  };

  function startWorker() {
    const started = new Worker<Payload, number>(name, async (job) => progress.deliver(job.data), {
      embedded: true,
      dataPath,
      concurrency: atATime,
      batchSize: atATime,
    });
    started.on("completed", () => progress.stored());
    started.on("failed", (_, error) => progress.fail(error));
    started.on("error", progress.fail);
    return started;
  }
}

/** From the file, as bunqueue would answer from its memory. */
function* storedResults(dataPath: string) {
  using database = new Database(dataPath, { readonly: true });
  const rows = database
    .query<{ data: Uint8Array; result: Uint8Array }, []>(
      "SELECT data, result FROM jobs JOIN job_results ON job_id = jobs.id WHERE state = 'completed'",
    )
    .all();
  for (const { data, result } of rows) {
    yield { index: (decode(data) as Payload).index, result: decode(result) };
  }
}
