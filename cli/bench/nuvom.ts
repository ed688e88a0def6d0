import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "../../src/codec.ts";
import {
  type Job,
  Nuvom,
  type RunningWorker,
  type Storage,
  startWorker,
  type WorkerEvent,
} from "../../src/index.ts";
import type { Contest, Payload } from "./contest.ts";
import { returnsIndex, returnsStart } from "./task.ts";

export interface NuvomContest extends Contest {
  /**
   * Enqueues these one after the other, each while the worker has nothing to do, and returns how many milliseconds each
   * took from the call to its start in a process.
   */
  startEach(payloads: readonly Payload[]): Promise<number[]>;
}

const queue = "default";

/** In milliseconds. If nothing has come for so long and nothing is there to come, jobs were lost. */
const silence = 1_000;

/** For how long the worker is left alone before each job that it is to start, in milliseconds. */
const leastRest = 10;
const mostRest = 20;

/** A storage of which nobody else knows, and a worker on it with so many processes, from the first `drain` on. */
export async function openNuvom(storage: string | Storage, processes: number): Promise<NuvomContest> {
  const nuvom = new Nuvom({ storage, root: import.meta.dir, keep: "forever" });
  await nuvom.storage.pause(queue, true);
  // Where the worker keeps what it knows of the sources: the package's own folder may be read-only.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "nuvom-bench-")));
  let worker: Promise<RunningWorker> | null = null;
  let isClosed = false;
  let left = 0;
  let done = Promise.withResolvers<void>();
  const failure = Promise.withResolvers<never>();
  // It may come when nobody waits.
  failure.promise.catch(() => {});

  function onEvent(event: WorkerEvent): void {
    if (event.type === "succeeded" && --left === 0) done.resolve();
    const problem = problemOf(event);
    if (problem) failure.reject(problem);
  }

  async function begin(): Promise<void> {
    if (isClosed) throw new Error("it is closed");
    const include = [join(import.meta.dir, "task.ts")];
    worker ??= startWorker({ root: folder, include, storage, processes, onEvent });
    await worker;
    await nuvom.storage.pause(queue, false);
  }

  async function areAllGone(): Promise<boolean> {
    const counts = await nuvom.storage.counts();
    return counts.every(({ pending, running }) => pending + running === 0);
  }

  return {
    enqueue: (payload) => nuvom.enqueue(returnsIndex, payload),
    enqueueMany: (payloads) => nuvom.enqueueMany(returnsIndex, payloads),
    async drain(count) {
      left = count;
      done = Promise.withResolvers();
      await begin();
      for (let before = 0, lost = false; left > 0 && !lost; ) {
        before = left;
        await Promise.race([done.promise, failure.promise, Bun.sleep(silence)]);
        lost = left === before && (await areAllGone());
      }
      await nuvom.storage.pause(queue, true);
    },
    async startEach(payloads) {
      await begin();
      const durations: number[] = [];
      for (const payload of payloads) {
        await Bun.sleep(leastRest + Math.random() * (mostRest - leastRest));
        const calledAt = performance.timeOrigin + performance.now();
        const job = await nuvom.enqueue(returnsStart, payload);
        const { startedAt } = await Promise.race([job.result({ timeout: "1m" }), failure.promise]);
        durations.push(startedAt - calledAt);
      }
      return durations;
    },
    async delivered() {
      const times = new Map<number, number>();
      for (let after: string | undefined; ; ) {
        const jobs: Job[] = await nuvom.storage.list(
          { state: "succeeded" },
          { limit: 1_000, ...(after && { after }) },
        );
        for (const { result, attempt, crashes } of jobs) {
          const index = indexOf(decode(result!));
          times.set(index, (times.get(index) ?? 0) + attempt + crashes);
        }
        if (jobs.length < 1_000) return times;
        after = jobs.at(-1)!.id;
      }
    },
    async close() {
      isClosed = true;
      // One that could not start has been reported by then.
      const running = await worker?.catch(() => null);
      await running?.stop({ grace: 0 });
      await nuvom.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function indexOf(result: unknown): number {
  return typeof result === "number" ? result : (result as { index: number }).index;
}

/** What keeps a worker from its work, or makes it do some twice. */
export function problemOf(event: WorkerEvent): Error | null {
  switch (event.type) {
    case "failed":
    case "retry":
      return new Error(`a job failed: ${event.error.message}`);
    case "storage-error":
    case "process-failed":
      return event.error instanceof Error ? event.error : new Error(String(event.error));
    case "unfit":
      return new Error(`the worker cannot run its task: ${event.reason}`);
    case "process-died":
      return new Error(`a process of the worker died (${event.how})`);
    default:
      return null;
  }
}
