import { describe, expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import {
  due,
  longestLateness,
  mostCaughtUp,
  mostLookedAt,
  occurrenceAfter,
  type Recurrence,
  recurrence,
} from "../src/recurrence.ts";
import type { RecurringWhen } from "../src/when.ts";

const now = Date.parse("2026-05-04T10:20:30.500Z");
const day = 86_400_000;
const year = 365 * day;
const at = (time: string) => Date.parse(time);

function recurring(when: RecurringWhen, from = now): Recurrence {
  return recurrence(when, from, 'task "report"');
}

describe("due", () => {
  const policy = fc.constantFrom("one" as const, "all" as const, "none" as const);

  /** What the rules of catching up say, of all the occurrences there are. */
  function expected(rule: Recurrence, made: number, all: number[], nextRunAt: number, time: number) {
    const passed = all.filter((next) => next >= nextRunAt && next <= time);
    const room = rule.limit === null ? passed.length + 1 : rule.limit - made;
    const latest = passed.slice(-1);
    const caughtUp = {
      one: latest,
      all: passed.slice(-1000),
      none: latest.filter((next) => next >= time - 10_000),
    }[rule.catchUp];
    const fire = caughtUp.filter((_, index) => index < room);
    const next = fire.length === room ? null : (all.find((occurrence) => occurrence > time) ?? null);
    return { fire, missed: passed.length - caughtUp.length, next };
  }

  test("of an interval is what an enumeration says, whatever the gap, the limit and the ends", () => {
    const gap = fc.oneof(fc.nat(30), fc.nat(3000));
    const limits = fc.option(fc.tuple(fc.integer({ min: 1, max: 2000 }), fc.nat(2000)));
    const step = fc.integer({ min: 1, max: 9_000 });
    fc.assert(
      fc.property(
        policy,
        step,
        gap,
        fc.nat(),
        limits,
        fc.boolean(),
        (catchUp, every, length, late, of, ends) => {
          const [limit, before] = of ?? [undefined, 0];
          const made = limit === undefined ? 0 : before % limit;
          const endAt = ends ? new Date(now + every * Math.ceil((length + 1) / 2)) : undefined;
          const rule = recurring({
            every,
            catchUp,
            ...(limit === undefined ? {} : { limit }),
            ...(endAt ? { endAt } : {}),
          });
          const all = Array.from({ length: length + 2 }, (_, index) => now + (index + 1) * every);
          const existing = all.filter((next) => !endAt || next <= endAt.getTime());
          const time = now + (length + 1) * every + (late % every);
          expect(due(rule, made, existing[0]!, time)).toEqual(
            expected(rule, made, existing, existing[0]!, time),
          );
        },
      ),
    );
  });

  test("of a cron expression is what an enumeration says, up to as many as are looked at", () => {
    const some = (most: number) => fc.uniqueArray(fc.nat(most), { minLength: 1, maxLength: 4 });
    const every = fc.constant(null);
    const minutes = fc.oneof(every, some(59));
    const weekdays = fc.oneof(every, some(6));
    fc.assert(
      fc.property(policy, minutes, fc.oneof(every, some(23)), weekdays, fc.nat(20_000), (...given) => {
        const [catchUp, minute, hour, weekday, length] = given;
        const field = (values: number[] | null) => values?.join(",") ?? "*";
        const rule = recurring({ cron: `${field(minute)} ${field(hour)} * * ${field(weekday)}`, catchUp });
        const isIn = (values: number[] | null, value: number) => values === null || values.includes(value);
        const all = [];
        const start = at("2026-05-04T10:21Z");
        const time = start + length * 60_000 + 500;
        for (let minuteOf = start; minuteOf <= time + 8 * day; minuteOf += 60_000) {
          const date = new Date(minuteOf);
          if (!isIn(minute, date.getUTCMinutes()) || !isIn(hour, date.getUTCHours())) continue;
          if (isIn(weekday, date.getUTCDay())) all.push(minuteOf);
          if (minuteOf > time && all.at(-1) === minuteOf) break;
        }
        const { missed, ...rest } = expected(rule, 0, all, start, time);
        const bound = mostLookedAt - rest.fire.length;
        expect(due(rule, 0, start, time)).toEqual({ ...rest, missed: Math.min(missed, bound) });
      }),
      { numRuns: 60 },
    );
  });

  /** What a schedule fires when it is looked at these times. */
  function attended(rule: Recurrence, times: number[]) {
    let next = occurrenceAfter(rule, now);
    const fired: number[] = [];
    for (const time of times) {
      if (next === null) break;
      const result = due(rule, fired.length, next, time);
      fired.push(...result.fire);
      if (result.next !== null) expect(result.next).toBeGreaterThan(time);
      next = result.next;
    }
    return fired;
  }

  const looks = fc.array(fc.nat(9000), { minLength: 1, maxLength: 12 });

  test("never fires twice what it has fired, even when the clock is set back", () => {
    fc.assert(
      fc.property(policy, looks, fc.integer({ min: 1, max: 50 }), (catchUp, times, every) => {
        const fired = attended(
          recurring({ every, catchUp }),
          times.map((time) => now + time),
        );
        expect(fired).toEqual([...new Set(fired)].sort((a, b) => a - b));
      }),
    );
  });

  test('with "all" fires every occurrence up to the limit, whenever it is looked at', () => {
    const limit = fc.integer({ min: 1, max: 300 });
    fc.assert(
      fc.property(looks, fc.integer({ min: 10, max: 90 }), limit, (times, every, limit) => {
        const sorted = times.map((time) => now + time).sort((a, b) => a - b);
        const rule = recurring({ every, catchUp: "all", limit });
        const passed = Math.floor((sorted.at(-1)! - now) / every);
        const all = Array.from({ length: passed }, (_, index) => now + (index + 1) * every);
        expect(attended(rule, sorted)).toEqual(all.slice(0, limit));
      }),
    );
  });

  test('with "none" fires what is ten seconds late, but nothing later', () => {
    const rule = recurring({ cron: "@daily", catchUp: "none" });
    const midnight = at("2026-05-05T00:00Z");
    const next = midnight + day;
    expect(due(rule, 0, midnight, midnight + longestLateness)).toEqual({ fire: [midnight], missed: 0, next });
    expect(due(rule, 0, midnight, midnight + longestLateness + 1)).toEqual({ fire: [], missed: 1, next });
  });

  test("fires nothing before its time", () => {
    const rule = recurring({ every: 10 });
    expect(due(rule, 0, now + 50, now + 49)).toEqual({ fire: [], missed: 0, next: now + 50 });
  });

  test("fires nothing once the limit is reached, or lowered below what has been made", () => {
    const rule = recurring({ every: 10, limit: 2 });
    expect(due(rule, 1, now + 10, now + 10)).toEqual({ fire: [now + 10], missed: 0, next: null });
    expect(due(rule, 2, now + 10, now + 99)).toEqual({ fire: [], missed: 0, next: null });
    expect(due(rule, 5, now + 10, now + 99)).toEqual({ fire: [], missed: 0, next: null });
  });

  test("ends after the last occurrence before endAt", () => {
    const rule = recurring({ every: 10, endAt: new Date(now + 25) });
    expect(due(rule, 0, now + 10, now + 1000)).toEqual({ fire: [now + 20], missed: 1, next: null });
  });

  test("finds the occurrence after a leap if the one before was fired late, within that hour", () => {
    const rule = recurring({ cron: "30 2 * * *", tz: "America/New_York" }, 0);
    const lateNight = at("2026-03-08T03:10-04:00");
    expect(due(rule, 0, at("2026-03-07T02:30-05:00"), lateNight).next).toBe(at("2026-03-08T03:30-04:00"));
  });

  describe("after ten years", () => {
    test("of an interval of a millisecond counts them all", () => {
      const passed = 10 * year;
      const later = now + passed;
      const result = due(recurring({ every: 1, catchUp: "all" }), 0, now + 1, later);
      expect(result.fire).toHaveLength(mostCaughtUp);
      expect([result.fire[0], result.fire.at(-1)]).toEqual([later - mostCaughtUp + 1, later]);
      expect(result).toMatchObject({ missed: passed - mostCaughtUp, next: later + 1 });
    });

    test("of each minute fires the latest of them", () => {
      const later = now + 10 * year;
      const minute = Math.floor(later / 60_000) * 60_000;
      const result = due(recurring({ cron: "* * * * *", catchUp: "all" }), 0, now, later);
      const latest = Array.from({ length: 1000 }, (_, index) => minute - (999 - index) * 60_000);
      expect(result).toEqual({ fire: latest, missed: mostLookedAt - 1000, next: minute + 60_000 });
      expect(due(recurring({ cron: "* * * * *" }), 0, now, later).fire).toEqual([minute]);
    });

    test.each(["* * * * *", "30 2 * * *", "0,30 9 * * MON-FRI", "* * 1-20 1 *", "1-59 * * 1-6 *", "@yearly"])(
      "of %s asks for few of the occurrences, however many there are",
      (cron) => {
        const rule = recurring({ cron, tz: "Europe/Rome", catchUp: "all" });
        const asked = spyOn(Bun.cron, "parse");
        due(rule, 0, now, now + 10 * year);
        const times = asked.mock.calls.length;
        asked.mockRestore();
        expect(times).toBeLessThan(3 * mostLookedAt);
      },
    );
  });
});
