import { formatDuration } from "../duration.ts";
import { NuvomError } from "../errors.ts";
import { jobErrors } from "../handle.ts";
import type { Job } from "../job.ts";

/** Why nobody can wait for the result of a job. */
export function whyNotEnded(job: Job, now: number): string {
  const what = `job ${job.id} of task ${job.task} has not ended`;
  if (job.parked !== null) return `${what}: ${job.reason}`;
  if (job.runAt <= now) return `${what}: its queue "${job.queue}" is paused`;
  const error = jobErrors(job).at(-1);
  const before = error ? `Attempt ${error.attempt} failed with ${error.name}: ${error.message}. ` : "";
  const wait = job.runAt - now;
  return `${what}. ${before}Attempt ${job.attempt + 1} is due in ${formatDuration(wait)}, at ${new Date(job.runAt).toISOString()}. A test's clock stands still until it is turned: await nuvom.advance(${wait})`;
}

/** For a test that would never come to an end. */
export function endless({ task }: Job, count: number, now: Date): NuvomError {
  return new NuvomError(
    "ENDLESS",
    `more than ${count} jobs ran at ${now.toISOString()}, the last of task ${task}: does it enqueue itself, or put itself off, without a delay?`,
  );
}
