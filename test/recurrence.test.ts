import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { InvalidOptionError } from "../src/errors.ts";
import { occurrenceAfter, type Recurrence, recurrence } from "../src/recurrence.ts";
import type { RecurringWhen } from "../src/when.ts";

const now = Date.parse("2026-05-04T10:20:30.500Z");
const day = 86_400_000;
const year = 365 * day;
const at = (time: string) => Date.parse(time);

function recurring(when: RecurringWhen, from = now): Recurrence {
  return recurrence(when, from, 'task "report"');
}

/** As many occurrences as asked for, or all there are. */
function first(count: number, rule: Recurrence, after = now): number[] {
  const times: number[] = [];
  for (let time = occurrenceAfter(rule, after); time !== null; time = occurrenceAfter(rule, time)) {
    if (times.push(time) >= count) break;
  }
  return times;
}

describe("recurrence", () => {
  test("is plain data, with what was not given filled in", () => {
    const rest = { startAt: null, endAt: null, limit: null, jitter: 0, catchUp: "one", overlap: "allow" };
    expect(recurring({ every: "5m" })).toEqual({
      rule: { every: 300_000 },
      anchor: now,
      ...rest,
    } as Recurrence);
    expect(recurring({ cron: "@daily" })).toEqual({
      rule: { cron: "@daily", tz: "UTC" },
      anchor: now,
      ...rest,
    } as Recurrence);
  });

  test("keeps what was given", () => {
    const options = { limit: 3, jitter: "2s", catchUp: "all", overlap: "skip" } as const;
    const [startAt, endAt] = [new Date(now + day), new Date(now + year)];
    expect(recurring({ cron: "0 9 * * *", tz: "Europe/Rome", startAt, endAt, ...options })).toEqual({
      rule: { cron: "0 9 * * *", tz: "Europe/Rome" },
      anchor: now + day,
      startAt: now + day,
      endAt: now + year,
      limit: 3,
      jitter: 2000,
      catchUp: "all",
      overlap: "skip",
    });
  });

  test("takes undefined for not given, and jitter: 0", () => {
    const when = {
      every: 1,
      cron: undefined,
      tz: undefined,
      startAt: undefined,
      limit: undefined,
      jitter: 0,
    };
    expect(recurring(when as unknown as RecurringWhen)).toEqual(recurring({ every: 1 }));
  });

  test("of a definition, checked without the time, may have ended", () => {
    const endAt = new Date("2020-01-01T00:00:00Z");
    expect(occurrenceAfter(recurring({ cron: "@daily", endAt }, 0), now)).toBeNull();
    expect(occurrenceAfter(recurring({ every: "1d", endAt }, 0), now)).toBeNull();
  });

  const goodCron = 'such as cron: "0 9 * * MON-FRI"';
  const goodDate = 'must be a valid Date, such as new Date("2038-01-19T03:14:07Z")';
  const goodLimit = "limit: must be a whole number of at least 1, such as limit: 10";
  const either = 'give either { every: "5m" } or { cron: "0 9 * * MON-FRI", tz: "Europe/Rome" }';
  const never = new Date(Number.NaN);

  const mistakes: [unknown, ...string[]][] = [
    [{}, "neither every nor cron is given", either],
    [{ every: "5m", cron: "@daily" }, "every and cron are both given", either],
    [null, 'must be an object, such as { every: "5m" }'],
    ["5m", 'must be an object, such as { every: "5m" }'],
    [{ every: 0 }, "every: must be at least 1 millisecond, not 0", 'every: "5m"'],
    [{ every: 0.4 }, "every: must be at least 1 millisecond, not 0.4", 'every: "5m"'],
    [{ every: "0s" }, 'every: must be at least 1 millisecond, not "0s"', 'every: "5m"'],
    [{ every: -5 }, "every: -5 is negative", '"5m"'],
    [{ every: Number.NaN }, "every: NaN is not a duration", '"5m"'],
    [{ every: Number.POSITIVE_INFINITY }, "every: Infinity is too long", '"5m"'],
    [{ every: "daily" }, 'every: "daily" is not a duration', '"5m"'],
    [{ every: null }, "every: null is not a duration", '"5m"'],
    [{ every: 8.64e15 }, "every: 8640000000000000 is too long"],
    [{ every: "5m", tz: "UTC" }, "tz: is for cron only", 'give { cron: "0 9 * * *", tz: "Europe/Rome" }'],
    [{ cron: 5 }, `cron: must be a text, ${goodCron}`],
    [{ cron: "" }, 'cron: "" cannot be read: expected 5 space-separated fields', goodCron],
    [{ cron: "* * *" }, 'cron: "* * *" cannot be read', "(minute hour day month weekday)", goodCron],
    [{ cron: "61 * * * *" }, 'cron: "61 * * * *" cannot be read: value out of range', goodCron],
    [{ cron: "@dayly" }, 'cron: "@dayly" cannot be read', 'cron: "@daily"'],
    [
      { cron: "*/10 * * * * *" },
      "has six fields, but seconds are not supported",
      '{ every: "10s" }',
      goodCron,
    ],
    [{ cron: "0 0 30 2 *" }, 'cron: "0 0 30 2 *" never occurs: there is no such date', 'cron: "0 0 28 2 *"'],
    [{ cron: "0 0 31 4,6 *" }, "there is no such date"],
    [{ cron: "@daily", tz: "Europe/Roma" }, 'tz: there is no time zone "Europe/Roma"', 'tz: "Europe/Rome"'],
    [{ cron: "@daily", tz: "New York" }, 'there is no time zone "New York"', 'tz: "America/New_York"'],
    [{ cron: "@daily", tz: "" }, 'tz: there is no time zone ""'],
    [{ cron: "@daily", tz: 1 }, 'tz: must be the name of a time zone, such as tz: "Europe/Rome"'],
    [{ every: 1, startAt: never }, `startAt: ${goodDate}`],
    [{ every: 1, endAt: now }, `endAt: ${goodDate}`],
    [{ every: 1, startAt: null, endAt: "2038" }, `startAt: ${goodDate}; endAt: ${goodDate}`],
    [
      { every: 1, startAt: new Date(now + day), endAt: new Date(now + 1) },
      "endAt: 2026-05-04T10:20:30.501Z is before startAt, 2026-05-05T10:20:30.500Z",
      'startAt: new Date("2038-01-01"), endAt: new Date("2038-12-31")',
    ],
    [{ every: "1d", endAt: new Date(now + day - 1) }, "endAt: it never occurs between 2026-05-04", "2038"],
    [{ every: "1d", endAt: new Date(now - day) }, "endAt: it never occurs between 2026-05-04", "2026-05-03"],
    [
      { cron: "@yearly", startAt: new Date(now + 1), endAt: new Date(now + day) },
      "endAt: it never occurs between 2026-05-04T10:20:30.501Z and 2026-05-05T10:20:30.500Z",
      "give a later end",
    ],
    [{ every: 1, limit: 0 }, goodLimit],
    [{ every: 1, limit: 1.5 }, goodLimit],
    [{ every: 1, limit: Number.POSITIVE_INFINITY }, goodLimit],
    [{ every: 1, limit: null }, goodLimit],
    [{ every: 1, jitter: -1 }, "jitter: -1 is negative", '"10s"'],
    [{ every: 1, jitter: null }, "jitter: null is not a duration", '"10s"'],
    [{ every: 1, catchUp: "latest" }, 'catchUp: must be "one", "all" or "none"'],
    [{ every: 1, overlap: true }, 'overlap: must be "allow", "skip" or "replace"'],
    [{ evry: "5m" }, "there is no option evry, only every, cron, tz, startAt, endAt, limit, jitter, catchUp"],
  ];
  test.each(mistakes)("refuses %p", (when, ...parts) => {
    const refused = () => recurring(when as RecurringWhen);
    expect(refused).toThrow(InvalidOptionError);
    for (const part of ['task "report": ', ...parts]) expect(refused).toThrow(part);
  });
});

describe("an interval", () => {
  const interval = fc.integer({ min: 1, max: 40 * day });
  const time = fc.integer({ min: 0, max: 4 * now });

  test("occurs first one interval from now, or at startAt", () => {
    expect(first(2, recurring({ every: "1h" }))).toEqual([now + 3_600_000, now + 7_200_000]);
    const startAt = new Date(now + 5);
    expect(first(2, recurring({ every: "1h", startAt }))).toEqual([now + 5, now + 5 + 3_600_000]);
  });

  test("goes on from a startAt that has passed", () => {
    const rule = recurring({ every: "1h", startAt: new Date(now - 1) });
    expect(occurrenceAfter(rule, now)).toBe(now - 1 + 3_600_000);
  });

  test("does not drift: every occurrence is a whole number of intervals after the anchor, the next one after the time", () => {
    fc.assert(
      fc.property(interval, time, time, (every, anchor, asked) => {
        const next = occurrenceAfter(recurring({ every }, anchor), asked)!;
        expect((next - anchor) % every).toBe(0);
        expect(next).toBeGreaterThan(asked);
        expect(next).toBe(Math.max(next, anchor + every));
        expect(next - every <= asked || next === anchor + every).toBe(true);
      }),
    );
  });

  test("lies between startAt and endAt, both included", () => {
    const few = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(few, few, few, fc.integer({ min: -50, max: 50 }), (every, start, length, asked) => {
        const [startAt, endAt] = [new Date(now + start), new Date(now + start + length)];
        const naive = [];
        for (let next = now + start; next <= now + start + length; next += every) naive.push(next);
        const rule = recurring({ every, startAt, endAt });
        expect(first(100, rule, now + asked)).toEqual(naive.filter((next) => next > now + asked));
      }),
    );
  });

  test("ends with the dates that there are", () => {
    const lastDate = 8.64e15;
    const rule = recurring({ every: 10, startAt: new Date(lastDate - 15) });
    expect(first(5, rule)).toEqual([lastDate - 15, lastDate - 5]);
  });
});

describe("a cron expression", () => {
  test("is read in UTC, or in its zone", () => {
    expect(first(1, recurring({ cron: "0 9 * * *" }))).toEqual([at("2026-05-05T09:00Z")]);
    expect(first(1, recurring({ cron: "0 9 * * *", tz: "America/New_York" }))).toEqual([
      at("2026-05-04T13:00Z"),
    ]);
  });

  test("occurs at startAt and at endAt themselves", () => {
    const [startAt, endAt] = [new Date("2026-06-01T09:00Z"), new Date("2026-06-03T09:00Z")];
    const rule = recurring({ cron: "0 9 * * *", startAt, endAt });
    expect(first(9, rule)).toEqual(["01", "02", "03"].map((date) => at(`2026-06-${date}T09:00Z`)));
  });

  test.each([
    ["30 2 * * *", "Europe/Rome", "2026-03-29T03:15+02:00", "2026-03-29T03:30+02:00"],
    ["30 2 * * *", "Antarctica/Troll", "2026-03-29T04:15+02:00", "2026-03-29T04:30+02:00"],
    ["30 1,2 * * *", "America/New_York", "2026-03-08T03:15-04:00", "2026-03-08T03:30-04:00"],
  ])("of %s in %s is not lost to a startAt soon after the clocks have leapt", (cron, tz, start, expected) => {
    const rule = recurring({ cron, tz, startAt: new Date(start) }, 0);
    expect(occurrenceAfter(rule, 0)).toBe(at(expected));
  });

  test("ends with the dates that there are", () => {
    const lastDate = 8.64e15;
    const rule = recurring({ cron: "* * * * *", startAt: new Date(lastDate - 60_000) });
    expect(first(5, rule)).toEqual([lastDate - 60_000, lastDate]);
  });
});
