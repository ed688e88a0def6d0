import { join } from "node:path";
import { JobStatus } from "plainjob";
import type { Contest, Contestant } from "../contestant.ts";
import { startProcesses } from "./plainjob-processes.ts";
import { openQueue, payloadOf, startWorker, type } from "./plainjob-queue.ts";
import { trackProgress, untilNoneLeft } from "./progress.ts";

const processCount = 2;

const common = {
  kind: "peer",
  storage: "sqlite",
  durability: "a crash loses nothing; a power failure may undo the last moments (synchronous=NORMAL)",
  survives: "program crash",
} as const;

const limits = "another for each drain, as it cannot be paused; it stores that a job is done, but no results";

export const contestants: Contestant[] = [
  {
    ...common,
    name: "plainjob",
    contests: ["one at a time", "in flight", "bulk", "drain"],
    setup: `bun:sqlite, a worker in the same process, ${limits}`,
    open: async ({ folder }) => open(join(folder, "jobs.db"), workHere),
  },
  {
    ...common,
    name: "plainjob, 2 processes",
    contests: ["drain"],
    setup: `bun:sqlite, as it advises for a high throughput a worker in each of 2 processes, ${limits}`,
    open: async ({ folder }) => open(join(folder, "jobs.db"), workInProcesses),
  },
];

/** Who works off the jobs. */
interface Work extends Pick<Contest, "drain"> {
  /** How often each job was delivered, by its index. */
  times(): Map<number, number>;
  close(): void;
}

type Storage = ReturnType<typeof openQueue>;

function open(path: string, workOn: (storage: Storage, path: string) => Work): Contest {
  const storage = openQueue(path);
  const { queue, database } = storage;
  const { drain, times, close } = workOn(storage, path);
  return {
    enqueue: async (payload) => queue.add(type, payload),
    enqueueMany: async (payloads) => queue.addMany(type, [...payloads]),
    drain,
    async delivered() {
      const done = database
        .query<{ data: string }, [number]>("SELECT data FROM plainjob_jobs WHERE status = ?")
        .all(JobStatus.Done);
      const stored = new Set(done.map((job) => payloadOf(job).index));
      return new Map([...times()].filter(([index]) => stored.has(index)));
    },
    async close() {
      close();
      queue.close();
    },
  };
}

function workHere({ queue }: Storage): Work {
  const progress = trackProgress();
  return {
    async drain(count) {
      let worker: ReturnType<typeof startWorker> | null = null;
      await progress.drain(count, () => {
        worker = startWorker(queue, progress);
      });
      await worker!.stop();
    },
    times: progress.handled,
    close() {},
  };
}

function workInProcesses({ database }: Storage, path: string): Work {
  const firstLeft = database.query<{ id: number }, [number]>(
    "SELECT id FROM plainjob_jobs WHERE status < ? LIMIT 1",
  );
  let processes: Awaited<ReturnType<typeof startProcesses>> | null = null;
  return {
    async drain() {
      processes ??= await startProcesses(path, processCount);
      processes.start();
      await untilNoneLeft(() => {
        processes!.check();
        return firstLeft.get(JobStatus.Done)?.id;
      });
      await processes.stop();
    },
    times: () => processes!.times(),
    close: () => processes?.end(),
  };
}
