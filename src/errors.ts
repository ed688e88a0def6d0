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
  constructor(message: string) {
    super("INVALID_OPTION", message);
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
  constructor(message: string, options?: ErrorOptions) {
    super("STORAGE", message, options);
  }
}

/** Thrown by a task to say that another attempt would not help. */
export class NonRetryableError extends NuvomError {
  override name = "NonRetryableError";
  constructor(message: string, options?: ErrorOptions) {
    super("NON_RETRYABLE", message, options);
  }
}
