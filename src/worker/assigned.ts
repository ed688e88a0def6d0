import type { Job } from "../job.ts";
import type { Thrown } from "../thrown.ts";

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
  /** Whether the process has told the job, so that it is the job itself that does not end. */
  acknowledged: boolean;
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
  /** Whether it was killed because it no longer listened, while it executed several jobs. */
  blocked: boolean;
  assigned: Assigned[];
}

/** Whether one of several jobs could not even be told to end: then it is unknown which of them is to blame. */
export function isBlocked(executing: readonly Assigned[], now: number): boolean {
  const unheard = executing.some(({ stop }) => stop && stop.killAt <= now && !stop.acknowledged);
  return unheard && executing.length > 1;
}
