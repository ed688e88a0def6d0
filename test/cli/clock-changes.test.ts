import { describe, expect, test } from "bun:test";
import { type ClockChange, clockChanges } from "../../cli/clock-changes.ts";
import { recurrence } from "../../src/recurrence.ts";
import type { RecurringWhen } from "../../src/when.ts";

const hour = 3_600_000;
const [from, to] = [Date.parse("2026-01-01T00:00Z"), Date.parse("2027-01-01T00:00Z")];

const iso = (time: number) => new Date(time).toISOString().slice(0, 16);

/** In words that can be compared: what clocks show is without the `Z` that times have. */
function shown({ at, leap, skipped, instead, repeated, isTwice, distance }: ClockChange) {
  return {
    at: `${iso(at)}Z`,
    hours: leap / hour,
    ...(skipped.length > 0 && { skipped: skipped.map(iso), instead: instead.map((time) => `${iso(time)}Z`) }),
    ...(repeated.length > 0 && { repeated: repeated.map(iso), isTwice }),
    ...(distance && {
      after: `${iso(distance.after)}Z`,
      real: distance.real / hour,
      usual: distance.usual / hour,
    }),
  };
}

const in2026 = (when: RecurringWhen) => clockChanges(recurrence(when, from, "test"), from, to).map(shown);

describe("a time of each day", () => {
  test("that the clocks leap over occurs later, and once where they show it twice", () => {
    expect(in2026({ cron: "30 2 * * *", tz: "Europe/Rome" })).toEqual([
      {
        at: "2026-03-29T01:00Z",
        hours: 1,
        skipped: ["2026-03-29T02:30"],
        instead: ["2026-03-29T01:30Z"],
        after: "2026-03-29T01:30Z",
        real: 23,
        usual: 24,
      },
      {
        at: "2026-10-25T01:00Z",
        hours: -1,
        repeated: ["2026-10-25T02:30"],
        isTwice: false,
        after: "2026-10-25T00:30Z",
        real: 25,
        usual: 24,
      },
    ]);
  });

  test("at which they do not change is an hour nearer to the one before, or farther from it", () => {
    expect(in2026({ cron: "0 9 * * MON-FRI", tz: "America/New_York" })).toEqual([
      { at: "2026-03-08T07:00Z", hours: 1, after: "2026-03-06T14:00Z", real: 71, usual: 72 },
      { at: "2026-11-01T06:00Z", hours: -1, after: "2026-10-30T13:00Z", real: 73, usual: 72 },
    ]);
  });

  test("is moved by half an hour where the clocks are", () => {
    const [back, forward] = in2026({ cron: "15 2 * * *", tz: "Australia/Lord_Howe" });
    expect(back).toEqual({
      at: "2026-04-04T15:00Z",
      hours: -0.5,
      after: "2026-04-03T15:15Z",
      real: 24.5,
      usual: 24,
    });
    expect(forward).toMatchObject({
      hours: 0.5,
      skipped: ["2026-10-04T02:15"],
      instead: ["2026-10-03T15:45Z"],
    });
  });
});

test("of several times that the clocks leap over, the first occurs", () => {
  expect(in2026({ cron: "0,30 2 * * *", tz: "Europe/Rome" })[0]).toMatchObject({
    skipped: ["2026-03-29T02:00", "2026-03-29T02:30"],
    instead: ["2026-03-29T01:00Z"],
    real: 23,
    usual: 0.5,
  });
});

test("a time that would be made up for when another is due anyway occurs no more", () => {
  expect(in2026({ cron: "0 2,3 * * *", tz: "Europe/Rome" })[0]).toMatchObject({
    skipped: ["2026-03-29T02:00"],
    instead: [],
  });
});

test("each quarter of an hour occurs at the same distance, and both times where the clocks show it twice", () => {
  const quarters = ["02:00", "02:15", "02:30", "02:45"];
  expect(in2026({ cron: "*/15 * * * *", tz: "Europe/Rome" })).toEqual([
    { at: "2026-03-29T01:00Z", hours: 1, skipped: quarters.map((time) => `2026-03-29T${time}`), instead: [] },
    {
      at: "2026-10-25T01:00Z",
      hours: -1,
      repeated: quarters.map((time) => `2026-10-25T${time}`),
      isTwice: true,
    },
  ]);
});

test.each([
  ["the clocks do not change", { cron: "30 2 * * *", tz: "UTC" }],
  ["it is an interval", { every: "1h" }],
  ["it does not occur around", { cron: "0 9 1 1 *", tz: "Europe/Rome", endAt: new Date("2026-02-01") }],
  ["it begins later", { cron: "30 2 * * *", tz: "Europe/Rome", startAt: new Date("2026-11-01") }],
] satisfies [string, RecurringWhen][])("nothing is affected where %s", (_, when) => {
  expect(in2026(when)).toEqual([]);
});

test("changes before and after the time that is looked at do not count", () => {
  const daily = recurrence({ cron: "30 2 * * *", tz: "Europe/Rome" }, from, "test");
  const march = Date.parse("2026-03-29T01:00Z");
  const count = (from: number, to: number) => clockChanges(daily, from, to).length;
  expect(count(march - 1, march + 1)).toBe(1);
  expect(count(march, march + 1)).toBe(0);
  expect(count(march - 2 * hour, march - 1)).toBe(0);
  expect(count(from, to)).toBe(2);
});
