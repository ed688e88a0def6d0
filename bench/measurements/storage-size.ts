/** The bytes that a job of some 100 bytes of input takes in a storage, while it waits and once its result is stored. */
import { Database } from "bun:sqlite";
import { Nuvom } from "nuvom";
import { returnsIndex } from "../../cli/bench/task.ts";
import { encode } from "../../src/codec.ts";
import { aWorker } from "../../src/testing/builders.ts";
import { payloads } from "../contestant.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";
import { onEachStorage } from "../storages.ts";
import { usedMemory } from "../used-memory.ts";

const perCall = 1_000;
const worker = "bench";

export const measure: Measure = ({ quick = false, jobs = quick ? 5_000 : 100_000 } = {}) =>
  onEachStorage(async ({ name, url }) => {
    const storage = url();
    // What the first ones bring with them, such as tables and scripts, is not counted.
    await enqueue(storage, 0, perCall);
    await finish(storage);
    const empty = await bytesIn(storage);
    await enqueue(storage, perCall, jobs);
    const pending = await bytesIn(storage);
    await finish(storage);
    const finished = await bytesIn(storage);
    return [
      figure("storage/pending job", name, "bytes", (pending - empty) / jobs),
      figure("storage/succeeded job with its result", name, "bytes", (finished - empty) / jobs),
    ];
  });

async function enqueue(storage: string, first: number, count: number): Promise<void> {
  await using nuvom = new Nuvom({ storage });
  for (let added = 0; added < count; added += perCall) {
    await nuvom.enqueueMany(returnsIndex, payloads(first + added, Math.min(perCall, count - added)));
  }
}

/** As a worker does, so that none is needed here. */
async function finish(url: string): Promise<void> {
  await using nuvom = new Nuvom({ storage: url });
  const { storage } = nuvom;
  await storage.heartbeat(aWorker(worker, { leaseUntil: Number.MAX_SAFE_INTEGER }));
  for (;;) {
    const now = Date.now();
    const jobs = await storage.claim(worker, ["default"], perCall, now);
    if (jobs.length === 0) return;
    const outcomes = jobs.map(({ id, queue, claims }, index) => {
      const result = encode(index, { root: "", limit: 100 });
      return { id, queue, claims, kind: "succeeded", startedAt: now, result } as const;
    });
    await storage.settle(worker, outcomes, now);
  }
}

async function bytesIn(url: string): Promise<number> {
  if (url.startsWith("sqlite:")) return bytesInFile(url.slice("sqlite:".length));
  const redis = new Bun.RedisClient(url.split("?")[0]);
  const bytes = await usedMemory(redis);
  redis.close();
  return bytes;
}

/** Without the pages that are free for what is added next. */
function bytesInFile(path: string): number {
  using database = new Database(path, { readonly: true });
  return database
    .query<{ bytes: number }, []>(
      `SELECT (page_count - freelist_count) * page_size AS bytes
       FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
    )
    .get()!.bytes;
}

if (import.meta.main) await runAlone(measure);
