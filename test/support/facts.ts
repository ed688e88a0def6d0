import { type Facts, reasonsOf } from "../../cli/why/reasons.ts";
import { encode } from "../../src/codec.ts";
import type { Job, JobError, JobNotes } from "../../src/job.ts";
import { aJob, aWorker, now, pending } from "../../src/testing/builders.ts";

export const second = 1_000;
export const minute = 60 * second;

/** One that works: it asked for jobs a moment before its last heartbeat. */
export const busyWorker = aWorker("w1", {
  seenAt: now - second,
  claimedAt: now - 2 * second,
  leaseUntil: now + 9 * second,
});

/** A due job that nothing keeps from running, but for what the test says. */
export function facts({
  job = {},
  ...others
}: Partial<Omit<Facts, "job">> & { job?: Partial<Job> } = {}): Facts {
  const nothing = { paused: false, workers: [busyWorker], running: 0, sources: null };
  const ahead = { count: 0, isExact: true };
  return { ...nothing, ahead, now, ...others, job: { ...pending(aJob({ keepCount: 10_000 })), ...job } };
}

export const codes = (given: Facts) => reasonsOf(given).map(({ code }) => code);

/** What the reason of this code says. */
export const textOf = (given: Facts, code: string) =>
  reasonsOf(given).find((reason) => reason.code === code)?.text;

export function errors(...given: Partial<JobError>[]): Uint8Array {
  const error = { name: "TypeError", message: "first line\nsecond line", stack: "" };
  const ran = { attempt: 1, startedAt: now - minute, finishedAt: now - minute, worker: "w1", pid: 7 };
  return encode(
    given.map((fields) => ({ ...error, ...ran, ...fields })),
    { root: "errors", limit: 9_999 },
  );
}

export const notes = (progress: JobNotes["progress"]) =>
  encode({ progress, output: [] }, { root: "notes", limit: 999 });
