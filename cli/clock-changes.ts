import { occurrenceAfter, type Recurrence } from "../src/recurrence.ts";

/** How a change of the clocks affects a cron expression. Times are Unix milliseconds, lengths milliseconds. */
export interface ClockChange {
  at: number;
  /** By so much the clocks go forward, or back where it is negative. */
  leap: number;
  /** What the clocks show at that moment before and after, as if it were the time in UTC. */
  from: number;
  to: number;
  /** The times of the expression that the clocks leap over, and when it occurs in their place, which may be nowhere. */
  skipped: number[];
  instead: number[];
  /** The times of the expression that the clocks show twice, and whether it occurs twice then. */
  repeated: number[];
  isTwice: boolean;
  /** The occurrence from which on the distance to the next is another than the clocks say, both distances; if there is one. */
  distance: { after: number; real: number; usual: number } | null;
}

const day = 86_400_000;

/** The changes of the clocks between two times that affect when or how often it occurs, or at what distance. */
export function clockChanges(recurrence: Recurrence, from: number, to: number): ClockChange[] {
  const { rule, startAt, endAt } = recurrence;
  if (!("tz" in rule)) return [];
  const clock = clockOf(rule.tz);
  return changesOf(clock, Math.max(from, startAt ?? from), Math.min(to, endAt ?? to))
    .map((at) => effectOf(recurrence, clock, at))
    .filter(({ skipped, repeated, distance }) => skipped.length + repeated.length > 0 || distance !== null);
}

type Clock = (time: number) => number;

/** What the clocks of a zone show, as if it were the time in UTC. */
function clockOf(timeZone: string): Clock {
  const format = new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return (time) => Date.parse(`${format.format(time).replace(" ", "T")}Z`) + (time % 1_000);
}

/** Seldom twice in a day, so it is enough to look once in each. */
function changesOf(clock: Clock, from: number, to: number): number[] {
  const offset = (time: number) => clock(time) - time;
  const changes: number[] = [];
  for (let start = from; start < to; start += day) {
    if (offset(start) === offset(start + day)) continue;
    let [before, after] = [start, start + day];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offset(middle) === offset(start)) before = middle;
      else after = middle;
    }
    if (after <= to) changes.push(after);
  }
  return changes;
}

function effectOf(recurrence: Recurrence, clock: Clock, at: number): ClockChange {
  const to = clock(at);
  const from = clock(at - 1) + 1;
  const leap = to - from;
  const onClock = {
    ...recurrence,
    startAt: null,
    endAt: null,
    rule: { ...recurrence.rule, tz: "UTC" },
  } as Recurrence;
  const affected = between(onClock, Math.min(from, to), Math.max(from, to));
  const inPlace = between(recurrence, at, at + Math.max(leap, 0));
  const instead = inPlace.filter((time) => occurrenceAfter(onClock, clock(time) - 1) !== clock(time));
  const isTwice = between(recurrence, at, at - leap).length > 0;
  const last = instead.at(-1) ?? lastBefore(recurrence, at);
  const next = last === null ? null : occurrenceAfter(recurrence, last);
  const distance = last === null || next === null ? null : { after: last, real: next - last, usual: 0 };
  if (distance) {
    const shown = clock(last!) - (instead.length > 0 ? leap : 0);
    distance.usual = occurrenceAfter(onClock, shown)! - shown;
  }
  return {
    at,
    leap,
    from,
    to,
    skipped: leap > 0 ? affected : [],
    instead,
    repeated: leap < 0 ? affected : [],
    isTwice,
    distance: distance && distance.real !== distance.usual ? distance : null,
  };
}

/** From the first time on and before the second. */
function between(recurrence: Recurrence, from: number, to: number): number[] {
  const times: number[] = [];
  for (let time = occurrenceAfter(recurrence, from - 1); time !== null && time < to; ) {
    times.push(time);
    time = occurrenceAfter(recurrence, time);
  }
  return times;
}

/** `null` if there is none in the years before. */
function lastBefore(recurrence: Recurrence, time: number): number | null {
  for (let span = day / 24; span < 3_000 * day; span *= 4) {
    const last = between(recurrence, time - span, time).at(-1);
    if (last !== undefined) return last;
  }
  return null;
}
