import { LeaseLostError } from "../../errors.ts";
import type { Job } from "../../job.ts";
import { claimBytes, type Parked } from "../storage.ts";
import { asRunning } from "../transitions.ts";
import { change, type Data, queueOf } from "./data.ts";

/**
 * What is taken goes to `claimed`; `take` returns whether it took the job, as inputs moved at once must not be too large.
 * @throws LeaseLostError
 */
export function claiming(data: Data, worker: string, now: number) {
  const lease = data.workers.get(worker)?.leaseUntil;
  if (lease === undefined || lease <= now) throw new LeaseLostError(worker);
  const claimed: Job[] = [];
  let bytes = 0;
  function take(job: Job): boolean {
    bytes += job.input.length;
    if (bytes > claimBytes && claimed.length > 0) return false;
    change(data, job, asRunning(job, worker, now));
    claimed.push({ ...job });
    return true;
  }
  return { claimed, take };
}

export function isWanted(data: Data, job: Job, { queues, tasks, sources }: Parked): boolean {
  const { parked, task, queue } = job;
  const isForOthers = parked !== null && parked !== sources;
  return isForOthers && tasks.includes(task) && queues.includes(queue) && !queueOf(data, queue).paused;
}
