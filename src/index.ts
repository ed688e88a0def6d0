export { Nuvom, type NuvomOptions, useClient } from "./client.ts";
export type { Clock } from "./clock.ts";
export { type Config, defineConfig } from "./config/config.ts";
export type { Isolation, JobContext, Task } from "./definition.ts";
export type { Duration } from "./duration.ts";
export type { EnqueueManyOptions, EnqueueOptions } from "./enqueue.ts";
export {
  EncodeError,
  InvalidInputError,
  InvalidOptionError,
  JobFailedError,
  JobNotFoundError,
  LeaseLostError,
  NonRetryableError,
  NuvomError,
  ResultTimeoutError,
  ScheduleNotFoundError,
  StorageError,
  StorageUnavailableError,
} from "./errors.ts";
export type { JobHandle } from "./handle.ts";
export type {
  FailureEvent,
  HookEvent,
  Hooks,
  RetryEvent,
  SuccessEvent,
} from "./hooks.ts";
export type {
  FinalState,
  Job,
  JobError,
  JobNotes,
  JobState,
  NewJob,
  OutputLine,
  Priority,
  Progress,
} from "./job.ts";
export { defaultKeep, type Keep, type KeepOptions } from "./keep.ts";
export type { RetryOptions } from "./retry.ts";
export type { DecodedSchedule, JobTemplate, ScheduleDefinition } from "./schedule.ts";
export type { ScheduleHandle } from "./schedule-handle.ts";
export type { Size } from "./size.ts";
export { openStorage } from "./storage/open.ts";
export type * from "./storage/storage.ts";
export { type TaskOptions, task } from "./task.ts";
export type { Thrown } from "./thrown.ts";
export type { Cron, Interval, Once, Recurring, RecurringOptions, ScheduleOptions } from "./when.ts";
export type { WorkerEvent } from "./worker/events.ts";
export { type RunningWorker, startWorker, type WorkerOptions } from "./worker/start.ts";
