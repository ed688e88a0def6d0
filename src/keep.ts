import { type Duration, milliseconds } from "./duration.ts";
import { InvalidOptionError } from "./errors.ts";
import type { NewJob } from "./job.ts";

/**
 * How long finished jobs, with their results and errors, are kept.
 *
 * - A duration: as long in whatever state they end; 0 deletes each job as it ends. {@link defaultKeep} limits their
 *   number.
 * - `"forever"`: all of them, whatever their number.
 * - An object: each part by itself, with {@link defaultKeep} for those left out.
 */
export type Keep = Duration | "forever" | KeepOptions;

export interface KeepOptions {
  /** For how long those that succeeded are kept, and those that were cancelled. */
  succeeded?: Duration | "forever";
  /** For how long those that failed are kept. */
  failed?: Duration | "forever";
  /**
   * How many jobs of a task and queue are kept in each final state, roughly: workers delete the oldest now and then.
   * 0 keeps none at all, like the duration 0.
   */
  count?: number | "all";
}

/** What is kept unless a task or a client says otherwise. */
export const defaultKeep = { succeeded: "1d", failed: "7d", count: 10_000 } as const satisfies KeepOptions;

/** Checked {@link Keep}, as a job carries it. */
export type KeepPolicy = Readonly<Pick<NewJob, "keepFor" | "keepFailedFor" | "keepCount">>;

/**
 * @param owner whose option it is, for the error message.
 * @throws InvalidOptionError
 */
export function keepPolicy(keep: Keep, owner: string): KeepPolicy {
  try {
    return checked(keep);
  } catch (error) {
    throw new InvalidOptionError(`${owner}: ${(error as Error).message} ${examples}`);
  }
}

const examples =
  'For example: keep: "7d", keep: 0, keep: "forever" or keep: { succeeded: "1h", failed: "30d", count: 1000 }.';

function checked(keep: Keep): KeepPolicy {
  if (keep === "forever") return { keepFor: null, keepFailedFor: null, keepCount: null };
  if (typeof keep !== "object" || keep === null) {
    const kept = milliseconds(keep, "keep");
    return { keepFor: kept, keepFailedFor: kept, keepCount: defaultKeep.count };
  }
  const {
    succeeded = defaultKeep.succeeded,
    failed = defaultKeep.failed,
    count = defaultKeep.count,
    ...unknown
  } = keep;
  const [misspelt] = Object.keys(unknown);
  if (misspelt !== undefined) {
    throw new InvalidOptionError(
      `keep.${misspelt}: there is no such option, only succeeded (which holds for cancelled jobs, too), failed and count.`,
    );
  }
  if (count !== "all" && (!Number.isSafeInteger(count) || count < 0)) {
    throw new InvalidOptionError(
      `keep.count: must be a whole number of at least 0, or "all", not ${Bun.inspect(count, { depth: 0 })}.`,
    );
  }
  const policy = {
    keepFor: time(succeeded, "keep.succeeded"),
    keepFailedFor: time(failed, "keep.failed"),
    keepCount: count === "all" ? null : count,
  };
  return count === 0 ? checked(0) : policy;
}

function time(kept: Duration | "forever", option: string): number | null {
  return kept === "forever" ? null : milliseconds(kept, option);
}
