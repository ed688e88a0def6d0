import { decode, encode } from "../codec.ts";
import type { Job, JobError } from "../job.ts";
import type { Outcome } from "../storage/storage.ts";
import type { Thrown } from "../thrown.ts";
import type { Assigned, Death } from "./assigned.ts";
import type { FailureCause, WorkerEvent } from "./events.ts";
import type { Report } from "./protocol.ts";

/** What is to be recorded of a job, and what is to be told of it. */
export interface Verdict {
  job: Job;
  outcome: Outcome;
  event: WorkerEvent | null;
}

const blocked = "its process was blocked, by it or by another job";

/** Where and when an attempt is judged. */
export interface Place {
  worker: string;
  /** The sources that the worker runs, by their hash. */
  sources: string;
  pid: number;
  now: number;
}

interface Times {
  startedAt: number;
  /** Milliseconds, with fractions. */
  duration: number;
}

/** How many failed attempts a job remembers: the first, which often tells the cause, and the latest. */
const rememberedErrors = 10;

/** How long a job whose process did not start waits. */
export const startPause = 1_000;

/** What a job's own report makes of it. */
export function afterReport(assigned: Assigned, report: Report, place: Place): Verdict {
  return noted(assigned, judgeReport(assigned, report, place));
}

function judgeReport(assigned: Assigned, report: Report, place: Place): Verdict {
  const { job, stop } = assigned;
  const began = beganAt(assigned, report, place.now);
  switch (report.kind) {
    case "unfit":
      return unfit(job, report.reason, place);
    case "dropped":
      if (stop?.kind !== "cancelled") return released(job, blocked);
      return cancelled(job, job.startedAt!, stop.reason);
    case "snoozed":
      if (stop?.kind === "cancelled") return cancelled(job, began, stop.reason);
      return released(job, report.reason, place.now + report.delay);
    case "succeeded": {
      const { result, duration } = report;
      return {
        job,
        outcome: { ...claimed(job, began), kind: "succeeded", result },
        event: { type: "succeeded", ...ended(job, { startedAt: began, duration }), result },
      };
    }
    case "failed":
      if (stop?.kind === "cancelled") return cancelled(job, began, stop.reason);
      if (stop?.told === "late") return crashed(released(job, blocked));
      return failed(
        job,
        stop ? timedOut(`${stop.reason}; its signal ended it`) : report.error,
        { startedAt: began, duration: place.now - began },
        { ...place, retryIn: report.retryIn, cause: stop ? "timeout" : "error" },
      );
  }
}

/** A busy worker hears late that a job began: so much the earlier it was that it has taken longer since. */
function beganAt({ startedAt, sentAt }: Assigned, report: Report, now: number): number {
  const heardAt = startedAt ?? now;
  // A task may have sent it.
  if (!("duration" in report && report.duration >= 0)) return heardAt;
  return Math.min(heardAt, Math.max(sentAt, Math.round(now - report.duration)));
}

/**
 * What the death of its process makes of a job. Whoever waited there, or was interrupted, loses nothing. One that
 * executed may be guilty, and is only charged if it cannot have been another.
 * @param retryIn when another attempt is due if this one is charged.
 */
export function afterDeath(assigned: Assigned, death: Death, retryIn: number, place: Place): Verdict {
  return noted(assigned, judgeDeath(assigned, death, retryIn, place));
}

function judgeDeath(
  { job, startedAt, stop }: Assigned,
  death: Death,
  retryIn: number,
  place: Place,
): Verdict {
  if (!death.wasReady) return released(job, "its process did not start", place.now + startPause);
  if (startedAt === null) return released(job, "its process ended before it began");
  const times = { startedAt, duration: place.now - startedAt };
  if (death.blocked && stop?.kind !== "cancelled") {
    return crashed(released(job, blocked));
  }
  if (death.killed) {
    if (!stop || stop.killAt > place.now) return released(job, "interrupted: its process was stopped");
    if (stop.kind === "cancelled") return cancelled(job, startedAt, stop.reason);
    if (stop.kind === "import") {
      const executing = death.assigned.filter((other) => other.startedAt !== null);
      if (executing.length > 1)
        return crashed(released(job, `${stop.reason}, which may be another job's doing`));
      return failed(job, { name: "ImportError", message: stop.reason, stack: "" }, times, {
        ...place,
        retryIn,
        cause: "timeout",
      });
    }
    const error = timedOut(`${stop.reason}; it did not end by itself and was killed`);
    return failed(job, error, times, { ...place, retryIn, cause: "timeout" });
  }
  if (!death.alone) return crashed(released(job, `its process died (${death.how}), which may be its doing`));
  const cause = death.outOfMemory ? "memory" : "crash";
  return crashed(failed(job, causeOf(death), times, { ...place, retryIn, cause }));
}

function causeOf({ how, outOfMemory, uncaught }: Death): Thrown {
  if (outOfMemory) {
    return { name: "OutOfMemoryError", message: `the job's process was killed: ${how}`, stack: "" };
  }
  const hint = how === "signal SIGKILL" ? ", by somebody or because the system was out of memory" : "";
  const message = uncaught ? `${how}, of ${uncaught.name}: ${uncaught.message}` : `${how}${hint}`;
  return { ...processDied(`the job's process died: ${message}`), stack: uncaught?.stack ?? "" };
}

/** With the last words of the job. */
function noted({ notes }: Assigned, verdict: Verdict): Verdict {
  return notes ? { ...verdict, outcome: { ...verdict.outcome, notes: notes.encoded() } } : verdict;
}

/** A failed attempt: another one is due after `retryIn` if that is not `null` and attempts are left. */
export function failed(
  job: Job,
  error: Thrown,
  times: Times,
  { worker, pid, retryIn, cause }: Place & { retryIn: number | null; cause: FailureCause },
): Verdict {
  const { startedAt, duration } = times;
  const { attempt } = job;
  const event = { ...ended(job, times), error, cause };
  const finishedAt = Math.round(startedAt + duration);
  const errors = remember(job, { ...error, attempt, startedAt, finishedAt, worker, pid });
  const base = claimed(job, startedAt);
  if (retryIn === null || attempt >= job.maxAttempts) {
    return {
      job,
      outcome: { ...base, kind: "failed", errors },
      event: { type: "failed", ...event },
    };
  }
  const runAt = finishedAt + (Math.round(retryIn) || 0);
  return {
    job,
    outcome: { ...base, kind: "retry", runAt, errors },
    event: { type: "retry", ...event, runAt },
  };
}

/** Interrupted or not begun: back to its old place in the line, unless it is given a later one. */
export function released(job: Job, reason: string, runAt: number = job.runAt): Verdict {
  return { job, outcome: { ...claimed(job, job.startedAt!), kind: "released", runAt, reason }, event: null };
}

/** This worker cannot run it: it waits for one of other sources. */
export function unfit(job: Job, reason: string, { sources }: Place): Verdict {
  const event: WorkerEvent = { type: "unfit", id: job.id, task: job.task, reason };
  const verdict = released(job, reason);
  return { ...verdict, outcome: { ...verdict.outcome, parked: sources } as Outcome, event };
}

export function processDied(message: string): Thrown {
  return { name: "ProcessDiedError", message, stack: "" };
}

function timedOut(message: string): Thrown {
  return { name: "TimeoutError", message, stack: "" };
}

function cancelled(job: Job, startedAt: number, reason: string | null): Verdict {
  const { id, task, queue } = job;
  return {
    job,
    outcome: { ...claimed(job, startedAt), kind: "cancelled", errors: null, reason },
    event: { type: "cancelled", id, task, queue, reason },
  };
}

function ended({ id, task, queue, attempt, runAt }: Job, { startedAt, duration }: Times) {
  return { id, task, queue, attempt, waited: Math.max(0, startedAt - runAt), duration };
}

function crashed(verdict: Verdict): Verdict {
  return { ...verdict, outcome: { ...verdict.outcome, crashed: true } };
}

function claimed({ id, queue, claims }: Job, startedAt: number) {
  return { id, queue, claims, startedAt };
}

function remember(job: Job, error: JobError): Uint8Array {
  const errors = [...(job.errors ? (decode(job.errors) as JobError[]) : []), error];
  const kept =
    errors.length > rememberedErrors ? [errors[0]!, ...errors.slice(1 - rememberedErrors)] : errors;
  return encode(kept, { root: "errors", limit: Number.POSITIVE_INFINITY });
}
