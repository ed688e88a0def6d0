import type { Job, JobState, QueueCounts, Schedule, Storage, WorkerRecord } from "../../src/index.ts";

/** What the storage says at one moment. */
export interface Look {
  /** Unix milliseconds. */
  at: number;
  queues: QueueCounts[];
  workers: WorkerRecord[];
  /** Some of them if there are many: those that were made last. */
  running: Job[];
  failed: Job[];
  /** Those that are due next. */
  schedules: Schedule[];
}

/** How many jobs or schedules are asked for: more would not fit on most terminals, and their inputs may be large. */
export const mostListed = 30;

/** To find failed jobs may mean to pass all others, so they are asked for only if their number has changed. */
export async function look(storage: Storage, before?: Look): Promise<Look> {
  const [queues, workers, schedules] = await Promise.all([
    storage.counts(),
    storage.workers(),
    storage.nextSchedules(mostListed),
  ]);
  const list = async (state: JobState) => {
    // No more than there are: having found them all, a storage need not look on.
    const limit = Math.min(mostListed, countOf(queues, state));
    return limit === 0 ? [] : storage.list({ state }, { limit });
  };
  const isSame = before && countOf(before.queues, "failed") === countOf(queues, "failed");
  const [running, failed] = await Promise.all([list("running"), isSame ? before.failed : list("failed")]);
  return { at: Date.now(), queues, workers, running, failed, schedules };
}

export function countOf(queues: readonly QueueCounts[], what: JobState | "added"): number {
  return queues.reduce((sum, queue) => sum + queue[what], 0);
}
