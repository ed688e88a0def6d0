import { join } from "node:path";
import { type Job, Nuvom, startWorker } from "nuvom";
import { decode } from "../../src/codec.ts";
import type { Contest, Contestant, Place } from "../contestant.ts";
import type { Description } from "../figures.ts";
import { returnsIndex } from "./task.ts";

const common = {
  kind: "nuvom",
  contests: ["one at a time", "in flight", "bulk", "drain"],
  setup: "a worker with 2 isolated processes; every result is stored",
} as const;

function contestant(
  description: Omit<Description, keyof typeof common>,
  url: (place: Place) => string,
): Contestant {
  return { ...common, ...description, open: async (place) => open(url(place)) };
}

export const contestants: Contestant[] = [
  contestant(
    {
      name: "Nuvom on SQLite",
      storage: "sqlite",
      durability: "every confirmed job and result survives a power failure (synchronous=FULL)",
      survives: "power failure",
    },
    ({ folder }) => `sqlite:${join(folder, "jobs.db")}`,
  ),
  contestant(
    {
      name: "Nuvom on SQLite, synchronous=normal",
      storage: "sqlite",
      durability: "a power failure may undo the last moments; a crash loses nothing",
      survives: "program crash",
    },
    ({ folder }) => `sqlite:${join(folder, "jobs.db")}?synchronous=normal`,
  ),
  contestant(
    {
      name: "Nuvom on Redis",
      storage: "redis",
      durability: "as the Redis, here without a log: a crash of it loses all",
      survives: "program crash",
    },
    ({ redis }) => redis,
  ),
];

async function open(storage: string): Promise<Contest> {
  const nuvom = new Nuvom({ storage, keep: "forever" });
  let worker: Awaited<ReturnType<typeof startWorker>> | null = null;
  let left = 0;
  let done = Promise.withResolvers<void>();
  await nuvom.storage.pause("default", true);
  return {
    enqueue: (payload) => nuvom.enqueue(returnsIndex, payload),
    enqueueMany: (payloads) => nuvom.enqueueMany(returnsIndex, payloads),
    async drain(count) {
      left = count;
      done = Promise.withResolvers();
      worker ??= await startWorker({
        root: import.meta.dir,
        storage,
        processes: 2,
        onEvent(event) {
          if (event.type === "succeeded" && --left === 0) done.resolve();
          if (event.type === "failed" || event.type === "storage-error") done.reject(event.error);
        },
      });
      await nuvom.storage.pause("default", false);
      await done.promise;
      await nuvom.storage.pause("default", true);
    },
    async delivered() {
      const times = new Map<number, number>();
      for (let after: string | undefined; ; ) {
        const jobs: Job[] = await nuvom.storage.list(
          { state: "succeeded" },
          { limit: 1_000, ...(after && { after }) },
        );
        for (const job of jobs) {
          const index = decode(job.result!) as number;
          times.set(index, (times.get(index) ?? 0) + job.attempt + job.crashes);
        }
        if (jobs.length < 1_000) return times;
        after = jobs.at(-1)!.id;
      }
    },
    async close() {
      await worker?.stop();
      await nuvom.close();
    },
  };
}
