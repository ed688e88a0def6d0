import type { Isolation } from "../definition.ts";
import type { HookEvent, HookName } from "../hooks.ts";
import type { Progress } from "../job.ts";
import type { RetryPolicy } from "../retry.ts";
import type { JobTemplate } from "../schedule.ts";
import type { Thrown } from "../thrown.ts";
import type { RecurringWhen } from "../when.ts";

/**
 * What a worker and its processes say to each other over `Bun.spawn`'s IPC. A process executes jobs in the order in
 * which it got them, `concurrency` at a time, and reports each one as it ends; so the worker knows without being told
 * which jobs are executing: the first `concurrency` of those not reported yet.
 */
export type ToProcess =
  /** The answer to `ready`. */
  | {
      type: "start";
      files: ReadonlyMap<string, string>;
      /** The file of the project's configuration, if there is one. */
      config: string | null;
      concurrency: number;
      sizeLimit: number;
    }
  /** To be given back if they cannot begin within {@link beginWithin}: the worker then takes them for its own again. */
  | { type: "run"; jobs: Assignment[]; sentAt: number }
  /** Import the files of these tasks and say what schedules they carry; each is answered by `described`, in order. */
  | { type: "describe"; tasks: readonly string[] }
  /** Run a hook; answered by `hooked`. */
  | { type: "hook"; hook: HookName; event: HookEvent }
  /** Give back the jobs that have not begun; answered by `returned`. */
  | { type: "recall" }
  /** Abort a job's signal, or drop it if it has not begun. */
  | { type: "abort"; execution: string; name: "TimeoutError" | "AbortError"; reason: string };

export type FromProcess =
  /** Nothing may be sent to a process before it has said that it listens. */
  | { type: "ready" }
  /** The file of a job's task is being imported. */
  | { type: "importing"; execution: string }
  /** A job begins, and its time with it: sent where a hook hears of it, or that is later than its worker takes it to be. */
  | { type: "began"; execution: string }
  /** A task's file was imported: what its worker must know of it. */
  | { type: "loaded"; facts: TaskFacts }
  /** A job was told by its signal to end: the process can still listen. */
  | { type: "aborted"; execution: string }
  /** A file could not be imported, which the process remembers: it is to be replaced. */
  | { type: "spoiled" }
  /** Something that nobody caught, right before the process ends of it. */
  | { type: "uncaught"; error: Thrown }
  /** Lines that a job has printed, or something that belongs to no job. */
  | { type: "output"; execution: string | null; lines: string[] }
  | { type: "progress"; execution: string; progress: Progress }
  /** `error` says what was wrong with the hook. */
  | { type: "hooked"; error: string | null }
  /** `reason` says why nothing is known of the task. */
  | { type: "described"; name: string; task: DescribedTask | null; reason: string | null }
  | { type: "returned"; executions: string[] }
  | { type: "report"; report: Report }
  /** Those of short jobs, as they stand in the process's journal. */
  | { type: "reports"; content: Uint8Array };

/** How many milliseconds a job may wait in a process. */
export const beginWithin = 1_000;

/** What a worker cannot know of a task before its file is imported. */
export interface TaskFacts {
  task: string;
  retry: RetryPolicy;
  isolation: Isolation;
  /** Those that it has. */
  hooks: readonly HookName[];
}

/** The schedules in the definitions of tasks. */
export interface Described {
  tasks: DescribedTask[];
  /** Whether every source could be read: else there may be tasks that are not known. */
  isComplete: boolean;
  /** The tasks of which nothing is known, and why. */
  failed: { task: string; reason: string }[];
}

export interface DescribedTask {
  when: RecurringWhen;
  template: JobTemplate;
}

/** What a process is told of a job. */
export interface Assignment {
  /** Names this execution: a job that is given back and claimed again is another to everyone. */
  execution: string;
  id: string;
  task: string;
  attempt: number;
  maxAttempts: number;
  runAt: number;
  scheduledFor: number | null;
  traceparent: string | null;
  input: Uint8Array;
}

/** What became of a job in its process. Durations are milliseconds, with fractions. */
export type Report = { execution: string } & (
  | { kind: "succeeded"; result: Uint8Array; duration: number }
  /** `retryIn` is `null` where another attempt would not help. */
  | { kind: "failed"; error: Thrown; retryIn: number | null; duration: number }
  /** It asked to be run again after this delay, without an attempt being counted. */
  | { kind: "snoozed"; delay: number; reason: string }
  /** This process cannot run the job as it is, which is not the job's fault. */
  | { kind: "unfit"; reason: string }
  /** It was aborted before it began. */
  | { kind: "dropped" }
);

/** The variable of the environment that is set for the processes of a program that hands over its tasks. */
export const processVariable = "NUVOM_PROCESS";

/** Set on the global object of a process. */
export const insideProcess = Symbol.for("nuvom.process");
