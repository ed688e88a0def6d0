import { Database } from "bun:sqlite";
import { join } from "node:path";
import { bun, defineQueue, defineWorker, JobStatus, type Logger } from "plainjob";
import type { Contest, Contestant, Payload } from "../contestant.ts";
import { trackProgress } from "./progress.ts";

const type = "bench";

export const contestants: Contestant[] = [
  {
    name: "plainjob",
    kind: "peer",
    storage: "sqlite",
    durability: "a crash loses nothing; a power failure may undo the last moments (synchronous=NORMAL)",
    contests: ["one at a time", "in flight", "bulk", "drain"],
    setup:
      "bun:sqlite, a worker in the same process, which works on one job at a time and is another for each drain, as it cannot be paused; it stores that a job is done, but no results",
    async open({ folder }) {
      return open(join(folder, "jobs.db"));
    },
  },
];

function open(path: string): Contest {
  const progress = trackProgress();
  // It logs every job in debug, and every stop in info.
  const logger: Logger = { debug() {}, info() {}, warn: console.warn, error: console.error };
  const database = new Database(path, { strict: true });
  const queue = defineQueue({ connection: bun(database), logger });
  return {
    enqueue: async (payload) => queue.add(type, payload),
    enqueueMany: async (payloads) => queue.addMany(type, [...payloads]),
    async drain(count) {
      const worker = defineWorker(type, (job) => void progress.deliver(JSON.parse(job.data) as Payload), {
        queue,
        logger,
        onCompleted: () => progress.stored(),
        onFailed: (_, error) => progress.fail(error),
      });
      let running: Promise<void> = Promise.resolve();
      await progress.drain(count, () => {
        running = worker.start();
        // A worker that ends by itself has failed.
        running.catch(progress.fail);
      });
      await worker.stop();
      await running;
    },
    async delivered() {
      const done = database
        .query<{ data: string }, [number]>("SELECT data FROM plainjob_jobs WHERE status = ?")
        .all(JobStatus.Done);
      const stored = new Set(done.map(({ data }) => (JSON.parse(data) as Payload).index));
      return new Map([...progress.handled()].filter(([index]) => stored.has(index)));
    },
    async close() {
      queue.close();
    },
  };
}
