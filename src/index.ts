export { Nuvom, type NuvomOptions, useClient } from "./client.ts";
export type { Clock } from "./clock.ts";
export type { JobContext, Task } from "./definition.ts";
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
export type { FinalState, Job, JobError, JobState, NewJob, Priority } from "./job.ts";
export { defaultKeep, type Keep, type KeepOptions } from "./keep.ts";
export type { RetryOptions } from "./retry.ts";
export type { DecodedSchedule, JobTemplate, ScheduleDefinition } from "./schedule.ts";
export type { ScheduleHandle } from "./schedule-handle.ts";
export { openStorage } from "./storage/open.ts";
export type * from "./storage/storage.ts";
export { type TaskOptions, task } from "./task.ts";
export type { Thrown } from "./thrown.ts";
export type { Cron, Interval, Once, Recurring, RecurringOptions, ScheduleOptions } from "./when.ts";
export type { WorkerEvent } from "./worker/events.ts";
export { type RunningWorker, startWorker, type WorkerOptions } from "./worker/start.ts";
