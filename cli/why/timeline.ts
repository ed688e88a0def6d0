import { formatDuration } from "../../src/duration.ts";
import { jobErrors } from "../../src/handle.ts";
import { isFinal, type Job, type JobError } from "../../src/job.ts";
import { errorText, plural } from "../output.ts";

/** Something that happened to a job, in plain words and as data. Times are Unix milliseconds, lengths milliseconds. */
export interface Entry {
  /** `null` if that is not recorded. */
  at: number | null;
  event:
    | "created"
    | "attempt-failed"
    | "attempt-succeeded"
    | "attempt-began"
    | "put-back"
    | "not-recorded"
    | "retried"
    | "due"
    | "succeeded"
    | "failed"
    | "cancelled";
  text: string;
  attempt?: number;
  waited?: number;
  duration?: number;
  error?: Pick<JobError, "name" | "message">;
  worker?: string | null;
  pid?: number;
}

/** What happened to a job, oldest first, as far as it is recorded: of the failed attempts the first and the latest. */
export function timelineOf(job: Job): Entry[] {
  const { createdAt, claims } = job;
  const errors = jobErrors(job);
  const failures = errors.flatMap((error, index) => failure(error, errors[index - 1], createdAt));
  const since = errors.at(-1)?.finishedAt ?? createdAt;
  const last = errors.some(({ startedAt }) => startedAt === job.startedAt) ? [] : lastClaim(job, since);
  const unknown = claims - errors.length - last.length;
  return [
    { at: createdAt, event: "created", text: "created" },
    ...failures,
    ...(unknown > 0 ? [notRecorded(unknown)] : []),
    ...last,
    ...ending(job, since),
  ];
}

function failure(error: JobError, before: JobError | undefined, createdAt: number): Entry[] {
  const { attempt, startedAt, finishedAt, name, message, worker, pid } = error;
  const waited = Math.max(0, startedAt - (before?.finishedAt ?? createdAt));
  const duration = finishedAt - startedAt;
  const lines = [
    `attempt ${attempt} in process ${pid} failed after ${formatDuration(duration)}, having waited ${formatDuration(waited)}`,
    errorText(error, 3),
    `worker ${worker}`,
  ];
  const details = { attempt, waited, duration, error: { name, message }, worker, pid };
  const isAgain = before !== undefined && attempt <= before.attempt;
  return [
    ...(isAgain ? [{ at: null, event: "retried", text: "made pending again by hand" } as const] : []),
    { at: startedAt, event: "attempt-failed", text: lines.join("\n"), ...details },
  ];
}

function notRecorded(times: number): Entry {
  const text = `taken by a worker ${plural(times, "time")} of which nothing else is recorded: it was put back, its worker died, it was made pending again by hand, or that was long ago`;
  return { at: null, event: "not-recorded", text };
}

/** The last time that a worker took the job, unless that is among the failed attempts. */
function lastClaim(job: Job, since: number): Entry[] {
  const { state, startedAt, finishedAt, attempt, worker, reason, crashes } = job;
  if (startedAt === null) return [];
  const waited = Math.max(0, startedAt - since);
  const entry = (event: Entry["event"], what: string, details: Partial<Entry> = {}): Entry[] => {
    const text = `${what}, having waited ${formatDuration(waited)}\nworker ${worker}`;
    return [{ at: startedAt, event, text, waited, worker, ...details }];
  };
  switch (state) {
    case "running":
      return entry("attempt-began", `attempt ${attempt} began`, { attempt });
    case "succeeded": {
      const duration = finishedAt! - startedAt;
      const text = `attempt ${attempt} succeeded after ${formatDuration(duration)}`;
      return entry("attempt-succeeded", text, { attempt, duration });
    }
    case "pending": {
      const why = reason ?? (crashes > 0 ? "its worker was lost" : null);
      if (why !== null) return entry("put-back", `taken and put back (${why})`);
      return entry(
        "retried",
        "an attempt began that ended the job, which was then made pending again by hand",
      );
    }
    default:
      return entry("put-back", "an attempt began, of whose end nothing is recorded");
  }
}

function ending(job: Job, since: number): Entry[] {
  const { state, runAt, startedAt, finishedAt, attempt, reason } = job;
  if (isFinal(state)) {
    return [{ at: finishedAt, event: state, text: reason ? `${state}: ${reason}` : state }];
  }
  if (state === "running" || runAt < Math.max(since, startedAt ?? 0)) return [];
  return [{ at: runAt, event: "due", text: `attempt ${attempt + 1} is due`, attempt: attempt + 1 }];
}
