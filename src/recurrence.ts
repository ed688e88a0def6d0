import type { z } from "zod";
import { milliseconds } from "./duration.ts";
import { InvalidOptionError } from "./errors.ts";
import { type RecurringWhen, recurringNames } from "./when.ts";
import { lazily } from "./zod.ts";

/** A checked recurring rule, as a schedule's definition keeps it (plain data: numbers, strings, null). */
export interface Recurrence {
  rule: { every: number } | CronRule;
  /** For intervals: occurrences are at anchor + n * every, from n = 0 on if there is a `startAt`, else from n = 1 on. */
  anchor: number;
  startAt: number | null;
  endAt: number | null;
  limit: number | null;
  jitter: number;
  catchUp: "one" | "all" | "none";
  overlap: "allow" | "skip" | "replace";
}

interface CronRule {
  cron: string;
  tz: string;
}

/** What becomes of the occurrences that are due. */
export interface Due {
  /** Those that get a job, oldest first. */
  fire: number[];
  /**
   * How many get none because they came too long ago. Those after the last that the limit allows are not among them. It is
   * exact for intervals; of a cron expression the latest {@link mostLookedAt} occurrences are looked at, and no others counted.
   */
  missed: number;
  /** The occurrence to fire next, after now; `null` if there is none or the limit is reached. */
  next: number | null;
}

/** With `catchUp: "all"`, so many of the latest occurrences get a job of their own. */
export const mostCaughtUp = 1000;

/** With `catchUp: "none"`, an occurrence no older than this is still fired, since every worker comes a little late. */
export const longestLateness = 10_000;

/** So many occurrences of a cron expression are looked at when a schedule was left alone, since each must be searched for. */
export const mostLookedAt = 2 * mostCaughtUp;

/** The last time that a `Date` can express. */
const endOfTime = 8.64e15;

const hour = 3_600_000;

/** By so much do clocks leap at most, in Antarctica. */
const longestLeap = 2 * hour;

/** More than an hour can have, so that a span that is halved often enough has fewer. */
const mostInSpan = 250;

/** The first occurrence strictly after `time`, or `null`. Respects `startAt` and `endAt`, both inclusive, not the limit. */
export function occurrenceAfter({ rule, anchor, startAt, endAt }: Recurrence, time: number): number | null {
  const after = startAt === null ? time : Math.max(time, startAt - 1);
  const last = endAt ?? endOfTime;
  if (after >= last) return null;
  const first = startAt === null ? 1 : 0;
  const occurrence =
    "every" in rule
      ? anchor + Math.max(first, Math.floor((after - anchor) / rule.every) + 1) * rule.every
      : cronAfter(rule, after);
  return occurrence !== null && occurrence <= last ? occurrence : null;
}

/**
 * An occurrence in an hour that the clocks leap over comes after it: 02:30 at 03:30. Bun tells only those who ask from
 * before the leap, hence the way there from earlier occurrences. Where each minute may match it is at the leap itself.
 */
function cronAfter(rule: CronRule, time: number): number | null {
  if (rule.cron.startsWith("*")) return following(rule, time);
  let occurrence = following(rule, time - longestLeap);
  while (occurrence !== null && occurrence <= time) occurrence = following(rule, occurrence);
  return occurrence;
}

/** The occurrence after another one, or after a time that follows no leap. */
function following({ cron, tz }: CronRule, time: number): number | null {
  return Bun.cron.parse(cron, time, { tz })?.getTime() ?? null;
}

/**
 * What to fire now, of the occurrences from `nextRunAt` to `now`.
 * @param made how many jobs the schedule has made before, which count towards its limit.
 */
export function due(recurrence: Recurrence, made: number, nextRunAt: number, now: number): Due {
  const room = (recurrence.limit ?? Number.POSITIVE_INFINITY) - made;
  if (room <= 0) return { fire: [], missed: 0, next: null };
  // The clock may have been set back: what it passes for the second time has been fired.
  if (nextRunAt > now) return { fire: [], missed: 0, next: nextRunAt };
  const { rule, endAt } = recurrence;
  const end = Math.min(now, endAt ?? now);
  const first = occurrenceAfter(recurrence, nextRunAt - 1) ?? Number.POSITIVE_INFINITY;
  const { latest, count } =
    "every" in rule ? intervalsBetween(rule.every, first, end) : cronBetween(rule, first, end);
  const caughtUp = catchUp[recurrence.catchUp](latest, now);
  const fire = caughtUp.slice(0, room);
  const next = fire.length < room ? occurrenceAfter(recurrence, now) : null;
  return { fire, missed: count - caughtUp.length, next };
}

const catchUp: Record<Recurrence["catchUp"], (latest: number[], now: number) => number[]> = {
  one: (latest) => latest.slice(-1),
  all: (latest) => latest.slice(-mostCaughtUp),
  none: (latest, now) => latest.slice(-1).filter((occurrence) => now - occurrence <= longestLateness),
};

interface Occurrences {
  /** The latest of them, oldest first. */
  latest: number[];
  count: number;
}

function intervalsBetween(every: number, first: number, end: number): Occurrences {
  const count = first > end ? 0 : Math.floor((end - first) / every) + 1;
  const length = Math.min(count, mostCaughtUp);
  const latest = Array.from({ length }, (_, index) => first + (count - length + index) * every);
  return { latest, count };
}

/** Looks back from the end in spans that grow where occurrences are rare and shrink where they are many. */
function cronBetween(rule: CronRule, first: number, end: number): Occurrences {
  let latest: number[] = [];
  let to = end;
  let span = hour;
  while (to >= first && latest.length < mostLookedAt) {
    const found = within(rule, Math.max(first, to - span + 1), to);
    if (found.length > mostInSpan) {
      span /= 2;
      continue;
    }
    latest = [...found, ...latest];
    to -= span;
    if (found.length <= mostInSpan / 2) span *= 2;
  }
  latest = latest.slice(-mostLookedAt);
  return { latest, count: latest.length };
}

/** The occurrences from `from` to `to`, or one more of them than a span may have. */
function within(rule: CronRule, from: number, to: number): number[] {
  const times: number[] = [];
  let time = cronAfter(rule, from - 1);
  while (time !== null && time <= to && times.length <= mostInSpan) {
    times.push(time);
    time = following(rule, time);
  }
  return times;
}

const wholeNumber = "must be a whole number of at least 1, such as limit: 10";

const shape = lazily((z) => {
  const date = z.date({ error: 'must be a valid Date, such as new Date("2038-01-19T03:14:07Z")' }).optional();
  const fields = {
    every: z.unknown().optional(),
    cron: z.string({ error: 'must be a text, such as cron: "0 9 * * MON-FRI"' }).optional(),
    tz: z.string({ error: 'must be the name of a time zone, such as tz: "Europe/Rome"' }).optional(),
    startAt: date,
    endAt: date,
    limit: z.int({ error: wholeNumber }).min(1, wholeNumber).optional(),
    jitter: z.unknown().optional(),
    catchUp: z.enum(["one", "all", "none"], { error: 'must be "one", "all" or "none"' }).optional(),
    overlap: z
      .enum(["allow", "skip", "replace"], { error: 'must be "allow", "skip" or "replace"' })
      .optional(),
  } satisfies Record<(typeof recurringNames)[number], z.ZodType>;
  return z.strictObject(fields, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `there is no option ${issue.keys.join(", ")}, only ${recurringNames.join(", ")}`
        : `must be an object, such as ${examples}`,
  });
});

const examples = '{ every: "5m" } or { cron: "0 9 * * MON-FRI", tz: "Europe/Rome" }';

/**
 * Checks what a user has written. Without a `startAt`, intervals begin at `now`.
 * @param owner whose option it is, such as `task "report.daily"`, for messages.
 * @throws InvalidOptionError
 */
export function recurrence(when: RecurringWhen, now: number, owner: string): Recurrence {
  try {
    return checked(when, now);
  } catch (error) {
    throw new InvalidOptionError(`${owner}: ${(error as Error).message}`);
  }
}

function checked(when: RecurringWhen, now: number): Recurrence {
  const { success, data, error } = shape().safeParse(when);
  if (!success) refuse(error.issues.map(problem).join("; "));
  const startAt = data.startAt?.getTime() ?? null;
  const recurrence: Recurrence = {
    rule: rule(when),
    anchor: startAt ?? now,
    startAt,
    endAt: data.endAt?.getTime() ?? null,
    limit: data.limit ?? null,
    jitter: when.jitter === undefined ? 0 : milliseconds(when.jitter, "jitter"),
    catchUp: data.catchUp ?? "one",
    overlap: data.overlap ?? "allow",
  };
  checkThatItOccurs(recurrence, now);
  return recurrence;
}

function problem({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

function rule({ every, cron, tz }: { every?: unknown; cron?: string; tz?: string }): Recurrence["rule"] {
  if (every !== undefined && cron !== undefined)
    refuse(`every and cron are both given: give either ${examples}`);
  if (cron !== undefined) return cronRule(cron, tz ?? "UTC");
  if (every === undefined) refuse(`neither every nor cron is given: give either ${examples}`);
  if (tz !== undefined)
    refuse('tz: is for cron only: leave it out, or give { cron: "0 9 * * *", tz: "Europe/Rome" }');
  const length = milliseconds(every as number, "every");
  if (length < 1)
    refuse(`every: must be at least 1 millisecond, not ${Bun.inspect(every)}, such as every: "5m"`);
  return { every: length };
}

function cronRule(cron: string, tz: string): Recurrence["rule"] {
  try {
    Bun.cron.parse("@daily", 0, { tz });
  } catch {
    refuse(
      `tz: there is no time zone ${JSON.stringify(tz)}: the nearest is tz: ${JSON.stringify(nearestZone(tz))}`,
    );
  }
  const given = `cron: ${JSON.stringify(cron)}`;
  if (cron.trim().split(/\s+/).length === 6) {
    refuse(
      `${given} has six fields, but seconds are not supported: give five, such as cron: "0 9 * * MON-FRI", or an interval, such as { every: "10s" }`,
    );
  }
  let first: Date | null;
  try {
    first = Bun.cron.parse(cron, 0, { tz });
  } catch (error) {
    const reason = (error as Error).message.replace("Invalid cron expression: ", "");
    refuse(
      `${given} cannot be read: ${reason}. Give five fields (minute hour day month weekday) within 0-59, 0-23, 1-31, 1-12 and 0-7, such as cron: "0 9 * * MON-FRI", or a nickname, such as cron: "@daily"`,
    );
  }
  if (!first) refuse(`${given} never occurs: there is no such date. One that there is: cron: "0 0 28 2 *"`);
  return { cron, tz };
}

/** The one that shares the most pairs of letters with it. */
function nearestZone(tz: string): string {
  const wanted = pairs(tz);
  const likeness = (zone: string) => {
    const found = pairs(zone);
    return wanted.intersection(found).size / wanted.union(found).size;
  };
  return Intl.supportedValuesOf("timeZone").reduce((best, zone) =>
    likeness(zone) > likeness(best) ? zone : best,
  );
}

function pairs(name: string): Set<string> {
  const letters = name.toLowerCase();
  return new Set(Array.from(letters, (_, index) => letters.slice(index, index + 2)));
}

function checkThatItOccurs(recurrence: Recurrence, now: number): void {
  const { startAt, endAt } = recurrence;
  if (occurrenceAfter(recurrence, now) !== null) return;
  const from = startAt === null || startAt <= now ? now : startAt;
  if (endAt === null)
    refuse(
      `it never occurs after ${iso(from)}: that is beyond the last date that there is. One that occurs: { every: "5m" }`,
    );
  const example = 'startAt: new Date("2038-01-01"), endAt: new Date("2038-12-31")';
  if (startAt !== null && endAt < startAt) {
    refuse(
      `endAt: ${iso(endAt)} is before startAt, ${iso(startAt)}: give the earlier first, such as ${example}`,
    );
  }
  refuse(
    `endAt: it never occurs between ${iso(from)} and ${iso(endAt)}: give a later end, such as ${example}`,
  );
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function refuse(problem: string): never {
  throw new InvalidOptionError(problem);
}
