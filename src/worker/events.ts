import type { HookName } from "../hooks.ts";
import type { Thrown } from "../thrown.ts";

/** Everything that happens in a worker, for logs, metrics and whoever else listens. Durations are milliseconds. */
export type WorkerEvent =
  | { type: "started"; worker: string; tasks: number; processes: number }
  | { type: "stopping" }
  /** What became of so many jobs could not be recorded: they will run again. */
  | { type: "stopped"; unrecorded: number }
  | { type: "succeeded"; id: string; task: string; attempt: number; duration: number; result: Uint8Array }
  | { type: "retry"; id: string; task: string; attempt: number; error: Thrown; runAt: number }
  | { type: "failed"; id: string; task: string; attempt: number; error: Thrown }
  /** `reason` says by whom. */
  | { type: "cancelled"; id: string; task: string; reason: string | null }
  /** A job that this worker cannot run waits for another worker. */
  | { type: "unfit"; id: string; task: string; reason: string }
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
  /** `killed`: by its worker, which has its reasons. */
  | { type: "process-died"; pid: number; how: string; killed: boolean; jobs: number }
  | { type: "storage-error"; error: unknown; retryIn: number }
  /** It works again, so many milliseconds after it began to fail. */
  | { type: "storage-back"; after: number }
  /** What is wrong with how the storage is set up. */
  | { type: "warning"; text: string }
  | { type: "lease-lost" };
