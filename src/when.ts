import type { Duration } from "./duration.ts";
import type { EnqueueOptions } from "./enqueue.ts";
import { InvalidOptionError } from "./errors.ts";

/** Once: it makes a job. */
export type Once = { at: Date } | { in: Duration };

/** Again and again: it makes a schedule, which makes a job for each of its occurrences. */
export type Recurring = Interval | Cron;

export interface Interval {
  /** The time from one occurrence to the next. The first is at `startAt`, or else one interval from now. */
  every: Duration;
}

export interface Cron {
  /**
   * Five fields, such as `0 9 * * MON-FRI`, or a nickname such as `@daily`, as `Bun.cron.parse` reads them: a time that is
   * skipped when clocks go forward comes that much later, and of several in that hour only the first; one that comes
   * twice when they go back comes once, except where minute or hour is `*`.
   */
  cron: string;
  /** The time zone that the fields are read in, such as `Europe/Rome`; `UTC` unless given. */
  tz?: string;
}

export interface RecurringOptions {
  /** No occurrence before this time. */
  startAt?: Date;
  /** No occurrence after this time; there must be one until then. */
  endAt?: Date;
  /** No more jobs than this; occurrences that were missed do not count. */
  limit?: number;
  /** Each job runs up to this much later, at random, so that not all run at once. */
  jitter?: Duration;
  /**
   * What becomes of occurrences that were missed because no worker ran: one job for all of them (`one`, unless given), one for
   * each of the latest thousand (`all`), or none, unless the last is less than ten seconds late (`none`).
   */
  catchUp?: "one" | "all" | "none";
  /** While the job of an earlier occurrence is pending or running: `allow` another (unless given), `skip` this one, or `replace` it. */
  overlap?: "allow" | "skip" | "replace";
}

export type RecurringWhen = Recurring & RecurringOptions;

/** The names of what makes up a {@link RecurringWhen}. */
export const recurringNames = [
  "every",
  "cron",
  "tz",
  "startAt",
  "endAt",
  "limit",
  "jitter",
  "catchUp",
  "overlap",
] as const satisfies (keyof Interval | keyof Cron | keyof RecurringOptions)[];

export interface ScheduleOptions
  extends RecurringOptions,
    Pick<EnqueueOptions, "queue" | "priority" | "attempts" | "timeout"> {
  /** Names the schedule; the task and its input do unless given. */
  id?: string;
}

const kinds = ["at", "in", "every", "cron"] as const;

/** Whether it is to run once. @throws InvalidOptionError if it does not say exactly one time. */
export function isOnce(
  when: (Once & EnqueueOptions) | (Recurring & ScheduleOptions),
  task: string,
): when is Once & EnqueueOptions {
  // A text has a method called `at`.
  const options = Object(typeof when === "object" ? when : null) as Record<string, unknown>;
  const given = kinds.filter((kind) => options[kind] !== undefined);
  if (given.length !== 1) {
    const problem = given.length === 0 ? "it does not say when" : `${given.join(" and ")} are given`;
    throw new InvalidOptionError(
      `task ${JSON.stringify(task)}: ${problem}: give one of { at: new Date("2038-01-19T03:14:07Z") }, { in: "10m" }, { every: "5m" } and { cron: "0 9 * * MON-FRI", tz: "Europe/Rome" }`,
    );
  }
  return given[0] === "at" || given[0] === "in";
}
