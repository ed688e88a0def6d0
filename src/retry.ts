import { type Duration, formatDuration, milliseconds } from "./duration.ts";
import { hasCode, InvalidOptionError, NuvomError } from "./errors.ts";

/** Whether and when a failed attempt is followed by another. */
export interface RetryOptions {
  /** How many attempts there are in all, the first included: 1 means no retry. Default 3. */
  attempts?: number;
  /**
   * How the delay before the next attempt develops:
   * - `"exponential"` (default): `base * factor ** (attempt - 1)`
   * - `"fixed"`: always `base`
   * - a function of the attempt that failed, counted from 1, and of what it threw. Its delay is used without jitter,
   *   but not beyond `max`. If it throws or returns no valid duration, the exponential delay is used instead: a
   *   mistake in it must not cost the job.
   */
  backoff?: "exponential" | "fixed" | ((attempt: number, error: unknown) => Duration);
  /** The first delay. Default 1 second. */
  base?: Duration;
  /** By how much each exponential delay is longer than the one before, at least 1. Default 2. */
  factor?: number;
  /** No delay is longer than this. Default 10 minutes, or `base` if that is longer. */
  max?: Duration;
  /** Spreads each delay at random over its second half, so that jobs that fail together do not return together. Default true. */
  jitter?: boolean;
}

/** Checked {@link RetryOptions} with every default filled in; `base` and `max` in milliseconds. */
export type RetryPolicy = Readonly<
  Required<Omit<RetryOptions, "base" | "max">> & { base: number; max: number }
>;

/** @throws InvalidOptionError if a value is impossible. */
export function retryPolicy(options: RetryOptions | undefined): RetryPolicy {
  if (options !== undefined && (typeof options !== "object" || options === null)) {
    throw invalid("retry", options, "must be an object such as { attempts: 5 }");
  }
  const { attempts = 3, backoff = "exponential", factor = 2, jitter = true, ...durations } = options ?? {};
  const { base: baseOption = "1s", max: maxOption, ...unknown } = durations;
  const base = milliseconds(baseOption, "retry.base");
  const max = maxOption === undefined ? Math.max(base, 600_000) : milliseconds(maxOption, "retry.max");

  const [misspelt] = Object.keys(unknown);
  if (misspelt !== undefined) {
    throw new InvalidOptionError(
      `retry.${misspelt}: there is no such option, only attempts, backoff, base, factor, max and jitter.`,
    );
  }
  if (!Number.isSafeInteger(attempts) || attempts < 1) {
    throw invalid("retry.attempts", attempts, "must be a whole number of at least 1, which means no retry");
  }
  if (backoff !== "exponential" && backoff !== "fixed" && typeof backoff !== "function") {
    throw invalid(
      "retry.backoff",
      backoff,
      'must be "exponential", "fixed" or a function that returns a duration',
    );
  }
  if (!Number.isFinite(factor) || factor < 1) {
    throw invalid("retry.factor", factor, "must be a number of at least 1, such as 2");
  }
  if (typeof jitter !== "boolean") throw invalid("retry.jitter", jitter, "must be true or false");
  if (max < base)
    throw invalid("retry.max", maxOption, `must not be shorter than retry.base (${formatDuration(base)})`);

  return { attempts, backoff, base, factor, max, jitter };
}

function invalid(option: string, value: unknown, rule: string): InvalidOptionError {
  return new InvalidOptionError(`${option}: ${rule}, not ${Bun.inspect(value, { depth: 0 })}.`);
}

/**
 * How many milliseconds after the failure of attempt number `attempt` the next one is due.
 * @param error what the attempt threw.
 * @param random gives numbers from 0 to below 1.
 */
export function retryDelay(
  policy: RetryPolicy,
  attempt: number,
  error: unknown,
  random: () => number,
): number {
  const chosen = typeof policy.backoff === "function" ? ask(policy.backoff, attempt, error) : undefined;
  if (chosen !== undefined) return Math.min(chosen, policy.max);

  // The power may be Infinity, and Infinity times a base of 0 is not a number.
  const growth = policy.backoff === "fixed" ? 1 : Math.min(policy.factor ** (attempt - 1), Number.MAX_VALUE);
  const delay = Math.min(policy.base * growth, policy.max);
  return Math.round(policy.jitter ? (delay / 2) * (1 + random()) : delay);
}

function ask(
  backoff: (attempt: number, error: unknown) => Duration,
  attempt: number,
  error: unknown,
): number | undefined {
  try {
    return milliseconds(backoff(attempt, error), "retry.backoff");
  } catch {
    return undefined;
  }
}

/** What `context.retryIn` and `context.snooze` throw: the job is to be run again later. */
export class PutOff extends NuvomError {
  override name: string;
  constructor(
    /** Milliseconds. */
    readonly delay: number,
    /** Whether that takes an attempt. */
    readonly counts: boolean,
    message: string,
  ) {
    super("PUT_OFF", message);
    this.name = counts ? "RetryIn" : "Snooze";
  }
}

export function isPutOff(error: unknown): error is PutOff {
  return hasCode(error, "PUT_OFF");
}

/** @throws PutOff, or InvalidOptionError if the delay is none. */
export function putOff(
  delay: Duration,
  { counts, reason }: { counts: boolean; reason: string | undefined },
): never {
  const time = milliseconds(delay, counts ? "retryIn" : "snooze");
  const what = counts ? "asked for another attempt" : "asked to be run again";
  throw new PutOff(time, counts, `the task ${what} in ${formatDuration(time)}${reason ? `: ${reason}` : ""}`);
}
