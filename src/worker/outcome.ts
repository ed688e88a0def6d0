import { decode, encode } from "../codec.ts";
import type { Job, JobError } from "../job.ts";
import type { Outcome } from "../storage/storage.ts";
import type { Thrown } from "../thrown.ts";
import type { Times } from "./protocol.ts";

/** How many failed attempts a job remembers: the first, which often tells the cause, and the latest. */
const rememberedErrors = 10;

/** How long a job that this worker cannot run waits before one looks at it again. */
const unfitPause = 15_000;

/** Where an attempt ran. */
export interface Place {
  worker: string;
  pid: number;
}

export function succeeded(job: Job, result: Uint8Array, { startedAt }: Times): Outcome {
  return { ...claimed(job, startedAt), kind: "succeeded", result };
}

/** A failed attempt: another one is due after `retryIn` if that is not `null` and attempts are left. */
export function failed(
  job: Job,
  thrown: Thrown,
  retryIn: number | null,
  times: Times,
  place: Place,
): Outcome {
  const finishedAt = Math.round(times.startedAt + times.duration);
  const errors = remember(job, {
    ...thrown,
    attempt: job.attempt,
    startedAt: times.startedAt,
    finishedAt,
    ...place,
  });
  const base = claimed(job, times.startedAt);
  return retryIn === null || job.attempt >= job.maxAttempts
    ? { ...base, kind: "failed", errors }
    : { ...base, kind: "retry", runAt: finishedAt + Math.round(retryIn), errors };
}

export function cancelled(job: Job, startedAt: number): Outcome {
  return { ...claimed(job, startedAt), kind: "cancelled", errors: null };
}

/** Interrupted or not begun: back to its old place in the line, unless it is given a later one. */
export function released(job: Job, reason: string, runAt: number = job.runAt): Outcome {
  return { ...claimed(job, job.startedAt!), kind: "released", runAt, reason };
}

/** This worker cannot run it: later, perhaps another. */
export function unfit(job: Job, reason: string, now: number): Outcome {
  return released(job, reason, now + unfitPause);
}

function claimed(job: Job, startedAt: number) {
  return { id: job.id, claims: job.claims, startedAt };
}

function remember(job: Job, error: JobError): Uint8Array {
  const errors = [...(job.errors ? (decode(job.errors) as JobError[]) : []), error];
  const kept =
    errors.length > rememberedErrors ? [errors[0]!, ...errors.slice(1 - rememberedErrors)] : errors;
  return encode(kept, { root: "errors", limit: Number.POSITIVE_INFINITY });
}
