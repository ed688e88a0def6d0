import type { Job } from "../job.ts";
import { failed, type Place, processDied, unfit, type Verdict } from "./outcome.ts";

/** A job that was held by this many workers or processes as they died is not run again. */
const crashLimit = 10;

const unknownTask = "no source that its worker has read defines the task; a worker reads them when it starts";

/** What this worker can run of the jobs that it has claimed, and what becomes of the others. */
export function sortOut(
  jobs: readonly Job[],
  tasks: { has(task: string): boolean },
  place: Place,
): { runnable: Job[]; verdicts: Verdict[] } {
  const runnable: Job[] = [];
  const verdicts: Verdict[] = [];
  for (const job of jobs) {
    if (job.crashes >= crashLimit) {
      const error = processDied(`${job.crashes} workers or processes died while they held the job`);
      const times = { startedAt: place.now, duration: 0 };
      verdicts.push(failed(job, error, times, { ...place, retryIn: null, cause: "crash" }));
    } else if (tasks.has(job.task)) runnable.push(job);
    else verdicts.push(unfit(job, unknownTask, place));
  }
  return { runnable, verdicts };
}
