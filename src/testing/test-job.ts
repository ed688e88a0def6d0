import { decode } from "../codec.ts";
import { jobErrors, jobNotes } from "../handle.ts";
import type { Job, JobError, JobState, Priority, Progress } from "../job.ts";

/** A job with everything in it decoded, for a test to look at. */
export interface TestJob<Input = unknown, Output = unknown> {
  readonly id: string;
  readonly task: string;
  readonly state: JobState;
  readonly input: Input;
  /** What the task returned; `undefined` unless it has succeeded. */
  readonly result: Output | undefined;
  /** Of the attempts that failed, oldest first. */
  readonly errors: readonly JobError[];
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly queue: string;
  readonly priority: Priority;
  readonly key: string | null;
  readonly createdAt: Date;
  /** When it is due, or was. */
  readonly runAt: Date;
  /** When its last attempt began. */
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** The id of the schedule that made it, and the occurrence that it is for. */
  readonly schedule: string | null;
  readonly scheduledFor: Date | null;
  /** Why it was put back, or who had it cancelled, in plain words. */
  readonly reason: string | null;
  readonly progress: Progress | null;
  /** The last lines that it wrote with `context.log`. */
  readonly output: readonly string[];
}

export function testJob<Input, Output>(job: Job): TestJob<Input, Output> {
  const { id, task, state, attempt, maxAttempts, queue, priority, key, schedule, reason } = job;
  const { progress, output } = jobNotes(job);
  return {
    id,
    task,
    state,
    input: decode(job.input) as Input,
    result: job.result ? (decode(job.result) as Output) : undefined,
    errors: jobErrors(job),
    attempt,
    maxAttempts,
    queue,
    priority,
    key,
    createdAt: new Date(job.createdAt),
    runAt: new Date(job.runAt),
    startedAt: dateOf(job.startedAt),
    finishedAt: dateOf(job.finishedAt),
    schedule,
    scheduledFor: dateOf(job.scheduledFor),
    reason,
    progress,
    output: output.map(({ text }) => text),
  };
}

function dateOf(time: number | null): Date | null {
  return time === null ? null : new Date(time);
}
