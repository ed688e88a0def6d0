import type { Job } from "../job.ts";
import type { Thrown } from "../thrown.ts";
import type { Assignment } from "./protocol.ts";

/** A job that a process was given. */
export interface Assigned {
  readonly job: Job;
  /** When it began to execute, `null` while it waits in the process. */
  startedAt: number | null;
  /** If it has not begun by then, the process gives it back, or is too busy even for that. */
  readonly beginBy: number;
  stop: Stop | null;
}

/** Why a job is being ended from outside. */
export interface Stop {
  readonly kind: "timeout" | "cancelled";
  readonly reason: string;
  /** When its process is killed if the job has not ended by then. */
  readonly killAt: number;
  readonly askedAt: number;
  /**
   * Whether the process has told the job in time, so that it is the job itself that does not end, and whether it told
   * it late, having been held up by something else.
   */
  told: "not yet" | "in time" | "late";
}

export interface Death {
  /** Such as `exit code 1` or `signal SIGSEGV`. */
  how: string;
  /** What nobody caught in it, if it ended of that. */
  uncaught: Thrown | null;
  /** Whether the worker killed it, for a job that did not end when it had to or because the worker stops. */
  killed: boolean;
  wasReady: boolean;
  /** The only job that this process ever had: if it died of a job, then of this one. */
  alone: boolean;
  /** Whether it was killed because it no longer listened, and has had other jobs that may be to blame. */
  blocked: boolean;
  assigned: Assigned[];
}

/** The name of this execution of a job: an attempt's number can stand for two, a claim's cannot. */
export function executionOf({ id, claims }: Job): string {
  return `${id}:${claims}`;
}

export function assignmentOf(job: Job): Assignment {
  const { id, task, attempt, runAt, scheduledFor, input } = job;
  return { execution: executionOf(job), id, task, attempt, runAt, scheduledFor, input };
}

/** Whether a job is to be killed without having heard in time that it had to end. */
export function isUnheard(now: number): (assigned: Assigned) => boolean {
  return ({ stop }) => stop !== null && stop.killAt <= now && stop.told !== "in time";
}
