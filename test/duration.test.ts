import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Duration, formatDuration, milliseconds } from "../src/duration.ts";
import { InvalidOptionError } from "../src/errors.ts";

describe("milliseconds", () => {
  const examples: [Duration, number][] = [
    [0, 0],
    [1500, 1500],
    ["0s", 0],
    ["250ms", 250],
    ["10s", 10_000],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    ["2d", 172_800_000],
    ["1w", 604_800_000],
    ["1.1h", 3_960_000],
    ["0.0004s", 0],
  ];
  for (const [duration, expected] of examples) {
    test(`${duration} is ${expected}`, () => expect(milliseconds(duration, "timeout")).toBe(expected));
  }

  test("a text means its number times its unit", () => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
    const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]));
    const law = fc.property(fc.nat(7_000_000), unit, (count, unit) => {
      expect(milliseconds(`${count}${unit}`, "timeout")).toBe(count * units[unit]);
    });
    fc.assert(law);
  });

  const mistakes: [unknown, string][] = [
    [-1, "timeout: -1 is negative"],
    ["-5m", 'timeout: "-5m" is negative'],
    [Number.NaN, "timeout: NaN is not a duration"],
    [Infinity, "timeout: Infinity is too long"],
    [-Infinity, "timeout: -Infinity is negative"],
    ["1000000000000w", 'timeout: "1000000000000w" is too long'],
    ["10", 'timeout: "10" is not a duration'],
    ["10 s", 'timeout: "10 s" is not a duration'],
    ["10S", 'timeout: "10S" is not a duration'],
    ["1e3s", 'timeout: "1e3s" is not a duration'],
    ["10sec", 'timeout: "10sec" is not a duration'],
    ["", 'timeout: "" is not a duration'],
    [null, "timeout: null is not a duration"],
    [undefined, "timeout: undefined is not a duration"],
    [10n, "timeout: 10n is not a duration"],
    [{}, "timeout: {} is not a duration"],
  ];
  for (const [value, problem] of mistakes) {
    test(`refused: ${problem}`, () => {
      const attempt = () => milliseconds(value as Duration, "timeout");
      expect(attempt).toThrow(InvalidOptionError);
      expect(attempt).toThrow(
        `${problem}. Write a number of milliseconds (0 or more) or a text such as "250ms"`,
      );
    });
  }
});

describe("formatDuration", () => {
  const examples: [number, string][] = [
    [0, "0ms"],
    [0.4, "0ms"],
    [340, "340ms"],
    [999.6, "1s"],
    [1234, "1.2s"],
    [59_940, "59.9s"],
    [59_960, "1m"],
    [185_000, "3m 5s"],
    [3_599_700, "1h"],
    [7_800_000, "2h 10m"],
    [86_399_000, "1d"],
    [273_600_000, "3d 4h"],
    [-1500, "-1.5s"],
    [Infinity, "Infinity"],
  ];
  for (const [ms, expected] of examples) {
    test(`${ms} is ${expected}`, () => expect(formatDuration(ms)).toBe(expected));
  }

  test("it says the duration to within half of its smaller unit", () => {
    const halves = [
      { below: 999.5, half: 0.5 },
      { below: 59_950, half: 50 },
      { below: 3_599_500, half: 500 },
      { below: 86_370_000, half: 30_000 },
      { below: Infinity, half: 1_800_000 },
    ];
    const anyLength = fc.double({ min: 0, max: 43, noNaN: true }).map((exponent) => 2 ** exponent);
    const law = fc.property(anyLength, (ms) => {
      const parts = formatDuration(ms).split(" ") as Duration[];
      const said = parts.reduce<number>((sum, part) => sum + milliseconds(part, "part"), 0);
      const { half } = halves.find(({ below }) => ms < below)!;
      expect(Math.abs(said - ms)).toBeLessThanOrEqual(half);
    });
    fc.assert(law, { numRuns: 1000 });
  });
});
