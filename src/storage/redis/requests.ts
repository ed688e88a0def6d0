import { StorageError } from "../../errors.ts";
import { type Job, type NewJob, priorities } from "../../job.ts";
import type { Outcome, ScheduleChange } from "../storage.ts";
import { settled } from "../transitions.ts";
import { packChanges, packOriginal, packSchedule } from "./documents.ts";

/** A call of a script. */
export interface Request {
  /** What the script is asked, without bytes. */
  asked?: Record<string, unknown>;
  bytes?: readonly Uint8Array[];
  /** Whether it may run twice, where the connection was lost before the answer came. */
  repeatable?: boolean;
}

/** The values by which the scripts take jobs to be added, with their documents among the bytes. */
export function insertions(jobs: readonly NewJob[], queues: readonly string[], bytes: Uint8Array[]) {
  const values: unknown[] = [];
  for (const job of jobs) values.push(...insertion(job, queues, bytes));
  return values;
}

function insertion(job: NewJob, queues: readonly string[], bytes: Uint8Array[]) {
  const { queue, id, priority, runAt, key } = job;
  // The script would notice it only when other jobs are in.
  if (!Number.isFinite(runAt) || !priorities.includes(priority)) {
    throw new StorageError(`job ${id} cannot be stored: runAt ${runAt}, priority ${priority}`);
  }
  return [
    queues.indexOf(queue) + 1,
    id,
    priority,
    String(runAt),
    key ?? false,
    enclose(packOriginal(job), bytes),
  ];
}

/** As the script takes a change, with its documents among the bytes. */
export function scheduleChange(
  { id, from, to, jobs }: ScheduleChange,
  queues: readonly string[],
  bytes: Uint8Array[],
) {
  // The script would notice it only when other schedules are in.
  if (to && to.nextRunAt !== null && !Number.isFinite(to.nextRunAt)) {
    throw new StorageError(`schedule ${id} cannot be stored: nextRunAt ${to.nextRunAt}`);
  }
  const change = [id, from, insertions(jobs, queues, bytes)];
  if (!to) return change;
  const next = to.paused ? null : to.nextRunAt;
  return [...change, queues.indexOf(to.queue) + 1, enclose(packSchedule(to), bytes), next];
}

/** Those of the schedule and of its jobs. */
export function queuesOf({ to, jobs }: ScheduleChange): string[] {
  return [...(to ? [to.queue] : []), ...jobs.map((job) => job.queue)];
}

/** Puts a document among the bytes; returns the place at which the script, which is asked first, finds it. */
function enclose(document: Uint8Array, bytes: Uint8Array[]): number {
  return bytes.push(document) + 1;
}

/** As the script takes an outcome: the values that tell what becomes of the job, and its changes. `null` if there is no such job. */
export function settlement(
  job: Job | null | undefined,
  queues: readonly string[],
  outcome: Outcome,
  now: number,
) {
  if (!job) return null;
  const after = { ...job, ...settled(job, outcome, now) };
  const claim = [queues.indexOf(job.queue) + 1, job.id, outcome.claims, after.state, job.task];
  const keep = after.state === "failed" ? job.keepFailedFor : job.keepFor;
  const move =
    after.state === "pending"
      ? [...claim, job.priority, String(after.runAt), after.parked ?? false]
      : [...claim, job.key ?? false, keep ?? false, false];
  return { move, changes: packChanges(after) };
}

/** A job whose insert is repeated must not have ended, and been deleted, in the meantime: then it would run again. */
export function isRemembered({ keepFor, keepFailedFor, keepCount }: NewJob): boolean {
  const longEnough = (time: number | null) => time === null || time >= 60_000;
  return longEnough(keepFor) && longEnough(keepFailedFor) && (keepCount === null || keepCount >= 1_000);
}

export function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}

export function withoutAbsent(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
