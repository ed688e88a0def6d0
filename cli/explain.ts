import { formatDuration } from "../src/duration.ts";
import { occurrenceAfter, type Recurrence, recurrence } from "../src/recurrence.ts";
import { upcoming } from "../src/schedule.ts";
import { type ClockChange, clockChanges } from "./clock-changes.ts";
import { count, UsageError, withClient } from "./command.ts";
import { inZone, occurrenceTable, ruleText } from "./occurrences.ts";
import { iso, paint, printable, printJson, wrapped } from "./output.ts";

interface Given {
  tz?: string;
  count?: string;
  storage?: string;
  json?: boolean;
}

interface Explained {
  recurrence: Recurrence;
  next: number[];
  /** What is to be known of it besides, if anything. */
  remark: string | null;
}

/** Clocks change on the same Sunday of each year, which may come a week later. */
const year = 372 * 86_400_000;

/**
 * Shows when a stored schedule, or a cron expression, occurs next, and what the changes of the clocks do to it.
 * @throws InvalidOptionError, ScheduleNotFoundError
 */
export async function explain(text: string, flags: Given): Promise<number> {
  const now = Date.now();
  const howMany = count(flags.count ?? "10", "count");
  const isCron = /^@[a-z]+$/i.test(text) || text.trim().split(/\s+/).length > 3;
  const { recurrence, next, remark } = isCron
    ? expression(text, flags.tz, howMany, now)
    : await stored(text, flags, howMany);
  const { rule } = recurrence;
  const isEnding = next.length < howMany;
  const changes = clockChanges(recurrence, now, isEnding ? (next.at(-1) ?? now) : now + year);
  if (flags.json) {
    printJson({ rule, remark, next: next.map(iso), changes: changes.map(asJson) });
    return 0;
  }
  console.log(printable(`${ruleText(rule)}${remark ? `, ${remark}` : ""}`));
  console.log(next.length > 0 ? `\n${occurrenceTable(next, rule, now)}\n` : "\nit does not occur any more\n");
  if (!("tz" in rule)) console.log("An interval is the same whatever the clocks show.");
  else if (changes.length === 0) console.log("No change of the clocks affects it in the next twelve months.");
  else for (const change of changes) print(change, rule.tz);
  return 0;
}

function expression(cron: string, tz: string | undefined, howMany: number, now: number): Explained {
  const rule = recurrence({ cron, ...(tz !== undefined && { tz }) }, now, "schedules explain");
  return {
    recurrence: rule,
    next: upcoming({ recurrence: rule, made: 0 }, occurrenceAfter(rule, now), howMany),
    remark: null,
  };
}

async function stored(id: string, { tz, ...flags }: Given, howMany: number): Promise<Explained> {
  if (tz !== undefined)
    throw new UsageError(`--tz is for a cron expression; "${id}" is taken for the id of a schedule`);
  const { definition, nextRunAt, paused } = await withClient(flags, (nuvom) => nuvom.getSchedule(id).get());
  return {
    recurrence: definition.recurrence,
    next: upcoming(definition, nextRunAt, howMany),
    remark: paused ? "paused: it makes no jobs until it is resumed" : null,
  };
}

function print(
  { at, leap, skipped, instead, repeated, isTwice, distance, from, to }: ClockChange,
  tz: string,
): void {
  const direction = leap > 0 ? "forward" : "back";
  const sentences = [
    `The clocks go ${direction} by ${formatDuration(Math.abs(leap))}, from ${timeOf(from)} to ${timeOf(to)}.`,
  ];
  if (skipped.length > 0) {
    const then =
      instead.length > 0
        ? `it occurs at ${listed(instead.map((time) => timeIn(time, tz)))} instead`
        : "it does not occur in their place";
    sentences.push(`They leap over ${listed(skipped.map(timeOf))}: ${then}.`);
  }
  if (repeated.length > 0) {
    const then = isTwice ? "it occurs both times" : "it occurs once, the first time";
    sentences.push(`They show ${listed(repeated.map(timeOf))} twice: ${then}.`);
  }
  if (distance) {
    const { after, real, usual } = distance;
    sentences.push(
      `From ${inZone(after, tz)} to the next it is ${formatDuration(real)} instead of ${formatDuration(usual)}.`,
    );
  }
  const label = `${inZone(at, tz).slice(0, 14)}  `;
  console.log(paint("bold", label) + wrapped(label, sentences.join(" ")).slice(label.length));
}

/** Such as `02:30`, of what clocks show. */
function timeOf(shown: number): string {
  return new Date(shown).toISOString().slice(11, 16);
}

function timeIn(at: number, tz: string): string {
  return inZone(at, tz).slice(15, 20);
}

/** A few of them, or the first and the last. */
function listed(times: string[]): string {
  return times.length <= 4 ? times.join(", ") : `${times[0]} to ${times.at(-1)} (${times.length} times)`;
}

/** What clocks show is without a zone. */
function asJson({ at, from, to, skipped, instead, repeated, distance, ...others }: ClockChange) {
  const shown = (time: number) => iso(time)!.slice(0, -1);
  return {
    at: iso(at),
    from: shown(from),
    to: shown(to),
    skipped: skipped.map(shown),
    instead: instead.map(iso),
    repeated: repeated.map(shown),
    distance: distance && { ...distance, after: iso(distance.after) },
    ...others,
  };
}
