import type { JobError } from "./job.ts";

/** The parent of every error that Nuvom throws on purpose; `code` is stable, the message is for people. */
export class NuvomError extends Error {
  override name = "NuvomError";
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Whether an error is one of ours, told by its code: `instanceof` does not hold between the two copies of this module
 * that a worker's process may load, the worker's and the project's.
 */
export function hasCode(error: unknown, code: string): boolean {
  try {
    return error instanceof Error && (error as Partial<NuvomError>).code === code;
  } catch {
    // What a task throws may be made to throw itself when it is looked at.
    return false;
  }
}

/** An input that does not fit the task's schema. */
export class InvalidInputError extends NuvomError {
  override name = "InvalidInputError";
  constructor(message: string, options?: ErrorOptions) {
    super("INVALID_INPUT", message, options);
  }
}

/** An option with an impossible value, such as a negative duration. */
export class InvalidOptionError extends NuvomError {
  override name = "InvalidOptionError";
  constructor(message: string, options?: ErrorOptions) {
    super("INVALID_OPTION", message, options);
  }
}

/** A value that cannot be stored: a function, a class instance, a cycle, or too large. */
export class EncodeError extends NuvomError {
  override name = "EncodeError";
  constructor(
    /** Where the value stands, such as `input.users[3].avatar`. */
    readonly path: string,
    problem: string,
  ) {
    super("NOT_ENCODABLE", `${path}: ${problem}`);
  }
}

/** The worker's lease has ended: its jobs may belong to others by now. */
export class LeaseLostError extends NuvomError {
  override name = "LeaseLostError";
  constructor(worker: string) {
    super("LEASE_LOST", `worker ${worker} holds no lease: it must send a heartbeat before it claims`);
  }
}

/** The storage cannot be opened, reached or used. */
export class StorageError extends NuvomError {
  override name = "StorageError";
  constructor(message: string, options?: ErrorOptions, code = "STORAGE") {
    super(code, message, options);
  }
}

/** The storage cannot be reached for now: what failed may be tried again later. */
export class StorageUnavailableError extends StorageError {
  override name = "StorageUnavailableError";
  constructor(storage: string, problem: string, options?: ErrorOptions) {
    super(`storage ${storage} cannot be reached: ${problem}`, options, "STORAGE_UNAVAILABLE");
  }
}

/** Thrown by a task to say that another attempt would not help. */
export class NonRetryableError extends NuvomError {
  override name = "NonRetryableError";
  constructor(message: string, options?: ErrorOptions) {
    super("NON_RETRYABLE", message, options);
  }
}

/** Waited for the result of a job that ended without one. */
export class JobFailedError extends NuvomError {
  override name = "JobFailedError";
  constructor(
    readonly id: string,
    readonly task: string,
    readonly state: "failed" | "cancelled",
    message: string,
    /** Every attempt that failed, oldest first. */
    readonly errors: readonly JobError[],
  ) {
    super(state === "failed" ? "JOB_FAILED" : "JOB_CANCELLED", message);
  }
}

/** There is no job of this id: there never was, or it ended and is no longer kept. */
export class JobNotFoundError extends NuvomError {
  override name = "JobNotFoundError";
  constructor(id: string) {
    super(
      "JOB_NOT_FOUND",
      `there is no job ${id} in this storage; a finished one is deleted when the time of its task's option "keep" is over`,
    );
  }
}

/** There is no schedule of this id. */
export class ScheduleNotFoundError extends NuvomError {
  override name = "ScheduleNotFoundError";
  constructor(id: string) {
    super("SCHEDULE_NOT_FOUND", `there is no schedule "${id}" in this storage: nuvom schedules lists them`);
  }
}

/** The job had not ended when the time to wait was over. The job itself goes on. */
export class ResultTimeoutError extends NuvomError {
  override name = "ResultTimeoutError";
  constructor(message: string) {
    super("RESULT_TIMEOUT", message);
  }
}
