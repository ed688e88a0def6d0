import { describe, expect, test } from "bun:test";
import { occurrenceAfter, recurrence } from "../src/recurrence.ts";

const quarter = 900_000;

/** A quarter of an hour as the clocks on the wall show it. */
interface Reading {
  time: number;
  /** Such as `2026-03-08`. */
  date: string;
  /** Such as `02:30`. */
  clock: string;
}

/**
 * What the clocks of a zone show in 2026 and 2027, by Intl alone. Quarters of an hour are enough: in all of these zones
 * every change of the clocks is a multiple of one.
 */
function readings(tz: string): Reading[] {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: tz, dateStyle: "short", timeStyle: "short" });
  const all: Reading[] = [];
  for (let time = Date.UTC(2025, 11, 31); time < Date.UTC(2028, 0, 2); time += quarter) {
    const [date, clock] = format.format(time).split(" ") as [string, string];
    if (date >= "2026-01-01" && date <= "2027-12-31") all.push({ time, date, clock });
  }
  return all;
}

const years = new Map(
  ["America/New_York", "Europe/Rome", "Australia/Lord_Howe", "UTC"].map((tz) => [tz, readings(tz)]),
);

/** Once on each date: the first time that the clocks show it, or, where they leap over it, as long after the leap as it lies within. */
function onceADay(tz: string, clock: string, isMatch = (_date: string) => true): number[] {
  const dates = Map.groupBy(years.get(tz)!, ({ date }) => date);
  return [...dates]
    .filter(([date]) => isMatch(date))
    .map(([, day]) => {
      const shown = day.find((reading) => reading.clock === clock);
      if (shown) return shown.time;
      const before = day.findLast((reading) => reading.clock < clock)!;
      return before.time + minutes(clock) - minutes(before.clock);
    });
}

function minutes(clock: string): number {
  const [hour, minute] = clock.split(":").map(Number) as [number, number];
  return (hour * 60 + minute) * 60_000;
}

function rule(cron: string, tz: string) {
  return recurrence({ cron, tz }, 0, "test");
}

function walk(cron: string, tz: string): number[] {
  const walked = rule(cron, tz);
  const year = years.get(tz)!;
  const end = year.at(-1)!.time;
  const times: number[] = [];
  let time = occurrenceAfter(walked, year[0]!.time - 1);
  while (time !== null && time <= end) {
    times.push(time);
    time = occurrenceAfter(walked, time);
  }
  return times;
}

const weekday = (date: string) => new Date(date).getUTCDay();
const dayOfMonth = (date: string) => Number(date.slice(8));

describe.each([...years.keys()])("in 2026 and 2027 in %s", (tz) => {
  test("30 2 * * * occurs once on every date", () => {
    const times = walk("30 2 * * *", tz);
    expect(times).toEqual(onceADay(tz, "02:30"));
    expect(times).toHaveLength(730);
  });

  test("*/15 * * * * occurs every 900 seconds, when the clocks show 0, 15, 30 and 45 minutes", () => {
    const times = walk("*/15 * * * *", tz);
    const shown = years.get(tz)!.filter(({ clock }) => /:(00|15|30|45)$/.test(clock));
    expect(times).toEqual(shown.map(({ time }) => time));
    expect(new Set(times.slice(1).map((time, index) => time - times[index]!))).toEqual(new Set([quarter]));
  });

  test.each([
    ["15 2 * * *", "02:15"],
    ["30 1 * * *", "01:30"],
    ["45 1 * * *", "01:45"],
    ["0 0 * * *", "00:00"],
  ])("%s occurs once on every date", (cron, clock) => {
    expect(walk(cron, tz)).toEqual(onceADay(tz, clock));
  });

  test.each([
    ["0 9 * * MON-FRI", "09:00", (date: string) => weekday(date) >= 1 && weekday(date) <= 5],
    ["30 2 * * SUN", "02:30", (date: string) => weekday(date) === 0],
    ["30 1 * * 0", "01:30", (date: string) => weekday(date) === 0],
    ["@weekly", "00:00", (date: string) => weekday(date) === 0],
    ["30 2 13 * FRI", "02:30", (date: string) => weekday(date) === 5 || dayOfMonth(date) === 13],
    ["15 2 8 3,11 *", "02:15", (date: string) => /-(03|11)-08$/.test(date)],
  ])("%s occurs once on each of its dates", (cron, clock, isMatch) => {
    expect(walk(cron, tz)).toEqual(onceADay(tz, clock, isMatch));
  });

  test("the next occurrence is the same from wherever one asks, in leapt and repeated hours too", () => {
    const days = Map.groupBy(years.get(tz)!, ({ date }) => date);
    for (const clock of ["01:30", "01:45", "02:15", "02:30"]) {
      const [hour, minute] = clock.split(":").map(Number);
      const daily = rule(`${minute} ${hour} * * *`, tz);
      const occurrences = onceADay(tz, clock);
      for (const [date, day] of days) {
        if (day.length === 96 && !date.endsWith("-01")) continue;
        for (const { time } of day) {
          const next = occurrences.find((occurrence) => occurrence > time);
          expect(occurrenceAfter(daily, time)).toBe(next ?? expect.anything());
        }
      }
    }
  });
});

// Where they change by half an hour, Bun adds an occurrence at the moment of the leap.
test.each(["America/New_York", "Europe/Rome", "UTC"])("0 * * * * in %s occurs at each full hour", (tz) => {
  const shown = years.get(tz)!.filter(({ clock }) => clock.endsWith(":00"));
  expect(walk("0 * * * *", tz)).toEqual(shown.map(({ time }) => time));
});

describe("when the clocks change", () => {
  const next = (cron: string, tz: string, after: string) =>
    new Date(occurrenceAfter(rule(cron, tz), Date.parse(after))!).toISOString();

  test.each([
    ["30 2 * * *", "America/New_York", "2026-03-08T00:00-05:00", "2026-03-08T03:30-04:00"],
    ["30 2 * * *", "Europe/Rome", "2026-03-29T00:00+01:00", "2026-03-29T03:30+02:00"],
    ["15 2 * * *", "Australia/Lord_Howe", "2026-10-04T00:00+10:30", "2026-10-04T02:45+11:00"],
    ["30 2 * * *", "Australia/Lord_Howe", "2026-10-04T00:00+10:30", "2026-10-04T02:30+11:00"],
  ])("%s in %s moves by as much as they leap", (cron, tz, after, expected) => {
    expect(next(cron, tz, after)).toBe(new Date(expected).toISOString());
  });

  test.each([
    ["30 1 * * *", "America/New_York", "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
    ["30 2 * * *", "Europe/Rome", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
    ["30 2 * * SUN", "Europe/Rome", "2026-10-25T02:30+02:00", "2026-11-01T02:30+01:00"],
    ["45 1 * * *", "Australia/Lord_Howe", "2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"],
  ])("%s in %s does not occur again in the repeated hour", (cron, tz, after, expected) => {
    expect(next(cron, tz, after)).toBe(new Date(expected).toISOString());
  });
});

test("0 0 29 2 * occurs in leap years only, of which 2100 is none", () => {
  const leapDay = rule("0 0 29 2 *", "Europe/Rome");
  const after = (time: string) => occurrenceAfter(leapDay, Date.parse(time));
  expect(after("2026-01-01T00:00Z")).toBe(Date.parse("2028-02-29T00:00+01:00"));
  expect(after("2028-02-29T00:00+01:00")).toBe(Date.parse("2032-02-29T00:00+01:00"));
  expect(after("2096-02-29T00:00+01:00")).toBe(Date.parse("2104-02-29T00:00+01:00"));
});
