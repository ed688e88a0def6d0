import type { HookName } from "../hooks.ts";
import type { Thrown } from "../thrown.ts";

/** An attempt that has ended. */
interface Ended {
  id: string;
  task: string;
  queue: string;
  attempt: number;
  /** Milliseconds from when it was due to when it began. */
  waited: number;
  /** Milliseconds from when it began to when it ended, with fractions. */
  duration: number;
}

interface Failed extends Ended {
  error: Thrown;
  cause: FailureCause;
}

/** What an attempt failed of: what the task threw, its timeout, or a process that died or used too much memory. */
export const failureCauses = ["error", "timeout", "crash", "memory"] as const;
export type FailureCause = (typeof failureCauses)[number];

/** Why a process has died that was needed: by itself, for its memory, for a job that did not end, or as it started. */
export const deathReasons = ["crash", "memory", "killed", "start"] as const;
export type DeathReason = (typeof deathReasons)[number];

/** Everything that happens in a worker, for logs, metrics and whoever else listens. Durations are milliseconds. */
export type WorkerEvent =
  | { type: "started"; worker: string; tasks: number; processes: number }
  | { type: "stopping" }
  /** Metrics and health can be asked for at this address. */
  | { type: "listening"; url: string }
  /** What became of so many jobs could not be recorded: they will run again. */
  | { type: "stopped"; unrecorded: number }
  | ({ type: "succeeded"; result: Uint8Array } & Ended)
  | ({ type: "retry"; runAt: number } & Failed)
  | ({ type: "failed" } & Failed)
  /** `reason` says by whom. */
  | { type: "cancelled"; id: string; task: string; queue: string; reason: string | null }
  /** A job that this worker cannot run waits for another worker. */
  | { type: "unfit"; id: string; task: string; reason: string }
  /** The storage has given it so many jobs, or recorded what became of so many. */
  | { type: "claimed"; jobs: number; duration: number }
  | { type: "settled"; jobs: number; duration: number }
  /** The storage refused what this worker wanted to record: the job is no longer its own. */
  | { type: "refused"; id: string }
  | { type: "recovered"; ids: string[] }
  /** A schedule has made a job for an occurrence, so many milliseconds after it. */
  | { type: "fired"; schedule: string; occurrence: number; lag: number }
  /** Occurrences of a schedule that got no job, as no worker ran when they came. */
  | { type: "missed"; schedule: string; occurrences: number }
  /** The schedules of the project were brought in step with its sources. */
  | { type: "schedules-changed"; added: string[]; changed: string[]; removed: string[] }
  /** The schedule in a task's definition is not known, so the stored one stays as it is. */
  | { type: "schedule-unknown"; task: string; reason: string }
  | { type: "log"; id: string; task: string; text: string }
  /** A process has printed something that belongs to no job. */
  | { type: "output"; pid: number; text: string }
  /** What a hook of a task's job threw, or how it ended its process. */
  | { type: "hook-failed"; id: string; task: string; hook: HookName; reason: string }
  | { type: "process-started"; pid: number }
  /** The operating system let no process start. */
  | { type: "process-failed"; error: unknown }
  /** It was no longer needed, or replaced. */
  | { type: "process-ended"; pid: number }
  /** `killed`: by its worker, which has its reasons. */
  | { type: "process-died"; pid: number; how: string; reason: DeathReason; killed: boolean; jobs: number }
  | { type: "storage-error"; error: unknown; retryIn: number }
  /** It works again, so many milliseconds after it began to fail. */
  | { type: "storage-back"; after: number }
  /** What is wrong with how the storage is set up. */
  | { type: "warning"; text: string }
  | { type: "lease-lost" };
