import type { z } from "zod";
import type { Duration } from "./duration.ts";
import type { EnqueueManyOptions, EnqueueOptions } from "./enqueue.ts";
import type { JobHandle } from "./handle.ts";
import type { Hooks } from "./hooks.ts";
import type { Priority } from "./job.ts";
import type { KeepPolicy } from "./keep.ts";
import type { RetryPolicy } from "./retry.ts";
import type { ScheduleHandle } from "./schedule-handle.ts";
import type { Once, Recurring, RecurringWhen, ScheduleOptions } from "./when.ts";

/** What a task's function learns about the job it runs. */
export interface JobContext {
  /** The id of the job. */
  readonly id: string;
  /** Counted from 1. */
  readonly attempt: number;
  /** The total number of attempts. */
  readonly maxAttempts: number;
  /** The time the job was to run at, in Unix milliseconds. */
  readonly runAt: number;
  /** The occurrence of its schedule that the job is for, in Unix milliseconds; `null` if no schedule has made it. */
  readonly scheduledFor: number | null;
  /** The trace that the job belongs to, as W3C Trace Context writes it; `null` if to none. */
  readonly traceparent: string | null;
  /** Aborts when the job must end: its timeout is over, it was cancelled, or its worker stops. */
  readonly signal: AbortSignal;
  /**
   * Writes a line to the worker's log, marked with the task and the job, whose last lines are kept with it. What the
   * task prints with `console` goes the same way.
   */
  log(...values: unknown[]): void;
  /**
   * Tells how far the job has come, for `nuvom job` and `job.progress()`; it may be called as often as one likes.
   * @throws InvalidOptionError if a number is none.
   */
  progress(done: number, total?: number | null, message?: string | null): void;
  /**
   * Ends the attempt as failed, and asks for the next one after this delay, if attempts are left. It throws: nothing
   * behind it runs, and it must not be caught.
   */
  retryIn(delay: Duration, reason?: string): never;
  /**
   * Puts the job off without an attempt being counted. It throws: nothing behind it runs, and it must not be caught.
   */
  snooze(delay: Duration, reason?: string): never;
}

/**
 * Where a job runs:
 * - `"shared"`: in a process that has run jobs before and will run others
 * - `"job"`: in a fresh process of its own, which ends with it
 * - `"none"`: in the worker's own process, for tests and tiny tools. Nothing protects the worker from such a task: a crash
 *   or an endless loop is its own, and at a timeout the task is only left alone.
 */
export type Isolation = "shared" | "job" | "none";

export const isolations: readonly Isolation[] = ["shared", "job", "none"];

/** A task's options, checked and with defaults filled in. */
export interface TaskDefinition {
  readonly name: string;
  readonly input: z.ZodType | undefined;
  readonly queue: string;
  readonly priority: Priority;
  readonly retry: RetryPolicy;
  /** Milliseconds, `null` for no limit. */
  readonly timeout: number | null;
  /** `undefined` leaves it to the client. */
  readonly keep: KeepPolicy | undefined;
  readonly isolation: Isolation;
  readonly hooks: Hooks;
  /** What makes it run again and again by itself. */
  readonly recurring: RecurringWhen | undefined;
  readonly run: (input: never, context: JobContext) => unknown;
}

/** The input may be left out where the task takes none. */
type InputArguments<Input, Options> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options];

export interface Task<Input, Output> {
  readonly name: string;
  readonly definition: TaskDefinition;
  /**
   * Adds a job, to run now or as the options say. Resolves when the storage has it safe.
   * @throws InvalidInputError, EncodeError, InvalidOptionError, StorageError; then there is no job.
   */
  enqueue(...args: InputArguments<Input, EnqueueOptions>): Promise<JobHandle<Output>>;
  /**
   * Adds one job for each input, all of them or none.
   * @throws what `enqueue` throws.
   */
  enqueueMany(inputs: readonly Input[], options?: EnqueueManyOptions<Input>): Promise<JobHandle<Output>[]>;
  /**
   * Schedules the task: once (`{ at }` or `{ in }`), which adds a job as `enqueue` does, or again and again
   * (`{ every }` or `{ cron, tz }`), which adds a schedule, or changes the one of the same `id`.
   * @throws what `enqueue` throws.
   */
  schedule(input: Input, when: Once & EnqueueOptions): Promise<JobHandle<Output>>;
  schedule(input: Input, when: Recurring & ScheduleOptions): Promise<ScheduleHandle<Output>>;
}

/**
 * The tasks that this program has imported, by name. Kept on the global object because a program may hold two
 * copies of this module: the worker's process and the project each bring their own.
 */
export function definedTasks(): Map<string, Task<never, unknown>> {
  const key = Symbol.for("nuvom.tasks");
  const holder = globalThis as { [key]?: Map<string, Task<never, unknown>> };
  holder[key] ??= new Map();
  return holder[key];
}
