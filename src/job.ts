/**
 * Terminology, the same words in code, command line, documentation and metrics:
 *
 * - task: a named function with options, defined in source by `task("email.welcome", …)`
 * - job: one request to run a task with an input, with an execution time `runAt`
 * - attempt: one execution of a job, counted from 1
 * - queue: a named line of jobs; `default` unless said otherwise
 * - schedule: a recurring rule that makes one job per occurrence
 * - storage: where jobs, results and schedules live
 * - worker: claims jobs, feeds its processes, settles outcomes
 * - process: one isolated child of a worker, in which jobs execute
 * - claim: take due jobs under a lease; settle: record what became of them
 * - lease: a worker's right to the jobs it claimed, kept alive by its heartbeat
 */

/** `pending` covers delayed, due and waiting for a retry: they differ only in `runAt`. */
export type JobState = "pending" | "running" | "succeeded" | "failed" | "cancelled";

export const jobStates: readonly JobState[] = ["pending", "running", "succeeded", "failed", "cancelled"];

export type FinalState = "succeeded" | "failed" | "cancelled";

export const finalStates: readonly FinalState[] = ["succeeded", "failed", "cancelled"];

/** Few and fixed, so that a claim can seek each level by itself. */
export type Priority = "high" | "normal" | "low";

/** From most to least urgent: the order in which a queue's levels are claimed. */
export const priorities: readonly Priority[] = ["high", "normal", "low"];

export const defaultQueue = "default";

/** What the client decides about a job. Every time is a Unix time in milliseconds. */
export interface NewJob {
  /** A UUIDv7: time-ordered, so that it breaks ties first-in first-out. */
  id: string;
  task: string;
  queue: string;
  priority: Priority;
  runAt: number;
  /** msgpack. */
  input: Uint8Array;
  maxAttempts: number;
  /** The limit of one attempt in milliseconds, or `null` for no limit. */
  timeout: number | null;
  /** No two jobs of a queue that are pending or running share a key; free again when the job ends. */
  key: string | null;
  createdAt: number;
  /** The id of the schedule that made this job. */
  schedule: string | null;
  /** The occurrence of that schedule that this job is for. */
  scheduledFor: number | null;
  /** How long it is kept once it has succeeded or was cancelled: 0 not at all, `null` without limit. */
  keepFor: number | null;
  /** How long it is kept once it has failed: 0 not at all, `null` without limit. */
  keepFailedFor: number | null;
  /** How many jobs of its task and queue are kept in each final state, `null` for any number. */
  keepCount: number | null;
  /** The trace that it belongs to, as W3C Trace Context writes it, `null` if to none. */
  traceparent: string | null;
}

/** A job as the storage keeps it. */
export interface Job extends NewJob {
  state: JobState;
  /** The attempt that is running or was the last to run; 0 before the first. An attempt given back is not counted. */
  attempt: number;
  /**
   * How often the job was claimed. It never goes back, so it is the fencing token of an execution: an attempt
   * that was given back and taken again has the same number twice, a claim never.
   */
  claims: number;
  /** How often a process or worker died while it held this job. */
  crashes: number;
  /** The worker that holds the job or was the last to hold it. */
  worker: string | null;
  startedAt: number | null;
  finishedAt: number | null;
  /** msgpack of what the task returned; `null` unless `succeeded`. */
  result: Uint8Array | null;
  /** msgpack of the {@link JobError}s of the attempts that failed, oldest first; `null` if none did. */
  errors: Uint8Array | null;
  /** Why a pending job was put back, or who had the job cancelled or wants that while it runs, in plain words. */
  reason: string | null;
  /**
   * The sources, by their hash, of the worker that could not run the job: it is parked, out of the line, until a worker
   * of other sources that has its task takes it. `null` if it is not.
   */
  parked: string | null;
  /** msgpack of the {@link JobNotes}; `null` if there are none. */
  notes: Uint8Array | null;
}

/** What a job says while it runs. */
export interface JobNotes {
  progress: Progress | null;
  /** The last lines that it printed, those of earlier attempts included. */
  output: OutputLine[];
}

/** How far a job has come, in units of its own. */
export interface Progress {
  done: number;
  /** `null` if it is not known. */
  total: number | null;
  message: string | null;
}

export interface OutputLine {
  /** Unix milliseconds. */
  at: number;
  attempt: number;
  text: string;
}

/** One failed attempt. */
export interface JobError {
  name: string;
  message: string;
  stack: string;
  attempt: number;
  startedAt: number;
  finishedAt: number;
  worker: string;
  /** The operating system's id of the process it ran in. */
  pid: number;
}

/** How long a job that ends in this state is kept: 0 not at all, `null` without limit. */
export function keptFor(job: NewJob, state: FinalState): number | null {
  return state === "failed" ? job.keepFailedFor : job.keepFor;
}

/** Whether a job is in a state it never leaves by itself. */
export function isFinal(state: JobState): state is FinalState {
  return state === "succeeded" || state === "failed" || state === "cancelled";
}
