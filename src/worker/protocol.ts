import type { RetryPolicy } from "../retry.ts";
import type { Thrown } from "../thrown.ts";

/**
 * What a worker and its processes say to each other over `Bun.spawn`'s IPC. A process executes jobs in the order in
 * which it got them, `concurrency` at a time, and reports each one as it ends; so the worker knows without being told
 * which jobs are executing: the first `concurrency` of those not reported yet.
 */
export type ToProcess =
  /** The answer to `ready`. */
  | { type: "start"; files: ReadonlyMap<string, string>; concurrency: number; sizeLimit: number }
  | { type: "run"; jobs: Assignment[] }
  /** Give back the jobs that have not begun; answered by `returned`. */
  | { type: "recall" }
  /** Abort a job's signal, or drop it if it has not begun. */
  | { type: "abort"; id: string; name: "TimeoutError" | "AbortError"; reason: string };

export type FromProcess =
  /** Nothing may be sent to a process before it has said that it listens. */
  | { type: "ready" }
  /** A task's file was imported: how its jobs are to be retried, should they kill the process. */
  | { type: "loaded"; task: string; retry: RetryPolicy }
  | { type: "log"; id: string; text: string }
  | { type: "returned"; ids: string[] }
  | { type: "report"; report: Report };

/** What a process is told of a job. */
export interface Assignment {
  id: string;
  task: string;
  attempt: number;
  runAt: number;
  input: Uint8Array;
}

export interface Times {
  /** Unix milliseconds. */
  startedAt: number;
  /** Milliseconds, with fractions. */
  duration: number;
}

/** What became of a job in its process. */
export type Report = { id: string } & (
  | ({ kind: "succeeded"; result: Uint8Array } & Times)
  /** `retryIn` is `null` where another attempt would not help. */
  | ({ kind: "failed"; error: Thrown; retryIn: number | null } & Times)
  /** This process cannot run the job as it is, which is not the job's fault. */
  | { kind: "unfit"; reason: string }
  /** It was aborted before it began. */
  | { kind: "dropped" }
);
