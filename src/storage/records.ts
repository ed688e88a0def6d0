import type { FinalState, JobState, NewJob } from "../job.ts";

/** How a storage is set up, in plain words. */
export interface Checkup {
  /** What becomes of confirmed jobs in a crash. */
  durability: string;
  /** What does not stop the work, but may harm it. */
  warnings: string[];
}

/** How many bytes of input a claim takes at most: moving more at once would keep a worker from its heartbeat. */
export const claimBytes = 4 * 1024 * 1024;

/** What became of one claimed job. */
export type Outcome = Claimed & (Succeeded | Retry | Failed | Cancelled | Released);

interface Claimed {
  id: string;
  queue: string;
  /** The `claims` of the job as it was claimed: the fencing token. */
  claims: number;
  /** When the attempt began to execute. */
  startedAt: number;
  /** The job's process died while it ran: `crashes` goes up by one. */
  crashed?: boolean;
  /** What the job said last; as `note` left it if absent. */
  notes?: Uint8Array;
}

interface Succeeded {
  kind: "succeeded";
  result: Uint8Array;
}

/** The attempt failed; another is due at `runAt`. */
interface Retry {
  kind: "retry";
  runAt: number;
  errors: Uint8Array;
}

interface Failed {
  kind: "failed";
  errors: Uint8Array;
}

interface Cancelled {
  kind: "cancelled";
  errors: Uint8Array | null;
  reason: string | null;
}

/**
 * The job was interrupted, could not be started or asked to be run later, none of which is its fault: the attempt is
 * given back.
 */
interface Released {
  kind: "released";
  runAt: number;
  reason: string | null;
  /** The sources of the worker if that cannot run the job: then it is parked. */
  parked?: string;
}

/** What a running job says now. */
export interface Note {
  id: string;
  claims: number;
  notes: Uint8Array;
}

export interface WorkerRecord {
  id: string;
  host: string;
  pid: number;
  /** Those it serves; empty if it serves all. */
  queues: readonly string[];
  /** The project whose tasks it runs: the name in its `package.json`, else that of its folder. */
  project: string;
  /** Tells the schedules that its sources define from those of other releases; empty as long as they are not known. */
  release: string;
  startedAt: number;
  /** When its last heartbeat was. */
  seenAt: number;
  /** When it last asked for jobs and got an answer, or was as full as it can be; `null` before. */
  claimedAt: number | null;
  /** When its lease ends unless it is renewed. */
  leaseUntil: number;
}

/** Which parked jobs a worker wants: those in queues that it serves, of tasks that its sources define. */
export interface Parked {
  queues: readonly string[];
  tasks: readonly string[];
  /** By their hash. */
  sources: string;
}

/** What a worker learns from its heartbeat. */
export interface Held {
  /** How many jobs are running under its lease: more than it knows of if the answer to a claim was lost. */
  running: number;
  /** Those of them that somebody wants cancelled, and why. */
  cancel: { id: string; reason: string }[];
  /**
   * The `seenAt` of the heartbeat that registered it. Another than before: it was forgotten in between, and others may
   * run its jobs, even if by its own clock its lease has not ended.
   */
  registeredAt: number;
}

export interface Schedule {
  id: string;
  /** Another after every change: the fencing token of a {@link ScheduleChange}. */
  version: string;
  /** Of the jobs that it makes. */
  queue: string;
  /** The occurrence to fire next, or `null` if there is none. */
  nextRunAt: number | null;
  paused: boolean;
  /** msgpack of its rule and of the job it makes: the storage need not know more. */
  definition: Uint8Array;
}

export interface ScheduleChange {
  id: string;
  /** The version that it was made from, `null` if there must be no schedule of this id. */
  from: string | null;
  /** What becomes of it, with a version of its own; `null` to remove it. */
  to: Schedule | null;
  jobs: readonly NewJob[];
}

/** The jobs of a task in a queue that ended in the same way. */
export interface Finished {
  queue: string;
  task: string;
  state: FinalState;
}

export interface JobFilter {
  state?: JobState;
  task?: string;
  queue?: string;
  worker?: string;
}

export interface Page {
  limit: number;
  /** The last id of the page before. */
  after?: string;
}

export interface QueueRecord {
  name: string;
  paused: boolean;
}

export interface QueueCounts extends QueueRecord, Record<JobState, number> {
  /** The earliest `runAt` of its pending jobs, those that are parked left out; `null` if there is none. */
  nextRunAt: number | null;
  /** How many jobs were ever added to it, those that are deleted included: it never goes back. */
  added: number;
}
