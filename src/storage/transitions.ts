import type { Job } from "../job.ts";
import type { Outcome } from "./storage.ts";

/** A job as it becomes when it is claimed. */
export function asRunning(job: Job, worker: string, startedAt: number): Job {
  const counted = { attempt: job.attempt + 1, claims: job.claims + 1 };
  return { ...job, ...counted, state: "running", worker, startedAt, reason: null, parked: null };
}

/** What an outcome changes about the job, where nobody wants that cancelled. */
export function settled(
  { attempt, crashes, errors }: Omit<Job, "input">,
  outcome: Outcome,
  now: number,
): Partial<Job> {
  const ran = {
    startedAt: outcome.startedAt,
    crashes: crashes + (outcome.crashed ? 1 : 0),
    ...(outcome.notes && { notes: outcome.notes }),
  };
  switch (outcome.kind) {
    case "succeeded":
      return { ...ran, state: "succeeded", finishedAt: now, result: outcome.result };
    case "failed":
      return { ...ran, state: "failed", finishedAt: now, errors: outcome.errors };
    case "cancelled":
      return {
        ...ran,
        state: "cancelled",
        finishedAt: now,
        errors: outcome.errors ?? errors,
        reason: outcome.reason,
      };
    case "retry":
      return { ...ran, state: "pending", runAt: outcome.runAt, errors: outcome.errors };
    case "released": {
      const { runAt, reason, parked = null } = outcome;
      return { ...ran, state: "pending", runAt, reason, parked, attempt: attempt - 1 };
    }
  }
}
