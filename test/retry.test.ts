import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { InvalidOptionError } from "../src/errors.ts";
import { type RetryOptions, retryDelay, retryPolicy } from "../src/retry.ts";

const delays = (options: RetryOptions, attempts = 5) =>
  Array.from({ length: attempts }, (_, index) =>
    retryDelay(retryPolicy({ jitter: false, ...options }), index + 1, new Error("failed"), Math.random),
  );

describe("retryPolicy", () => {
  test("has three attempts, from one second on, by default", () => {
    const defaults = {
      attempts: 3,
      backoff: "exponential",
      base: 1000,
      factor: 2,
      max: 600_000,
      jitter: true,
    };
    expect(retryPolicy(undefined)).toEqual(defaults as ReturnType<typeof retryPolicy>);
    expect(retryPolicy({})).toEqual(retryPolicy(undefined));
  });

  test("keeps values that look like nothing", () => {
    expect(retryPolicy({ base: 0, max: 0, jitter: false })).toMatchObject({ base: 0, max: 0, jitter: false });
  });

  test("lets a long base stand without a max", () => {
    expect(retryPolicy({ base: "1h" }).max).toBe(3_600_000);
  });

  const mistakes: [unknown, string][] = [
    [{ attempts: 0 }, "retry.attempts: must be a whole number of at least 1, which means no retry, not 0."],
    [{ attempts: -1 }, "retry.attempts"],
    [{ attempts: 1.5 }, "retry.attempts"],
    [{ attempts: Infinity }, "retry.attempts"],
    [{ attempts: "3" }, 'not "3"'],
    [{ attempts: null }, "not null"],
    [{ backoff: "linear" }, 'retry.backoff: must be "exponential", "fixed" or a function'],
    [{ base: "soon" }, 'retry.base: "soon" is not a duration'],
    [{ max: -1 }, "retry.max: -1 is negative"],
    [{ base: "2m", max: "1m" }, "retry.max: must not be shorter than retry.base (2m)"],
    [{ factor: 0.5 }, "retry.factor: must be a number of at least 1"],
    [{ factor: Number.NaN }, "retry.factor"],
    [{ factor: Infinity }, "retry.factor"],
    [{ factor: "2" }, "retry.factor"],
    [{ jitter: 0 }, "retry.jitter: must be true or false, not 0."],
    [{ retries: 3 }, "retry.retries: there is no such option"],
    [5, "retry: must be an object such as { attempts: 5 }, not 5."],
    [null, "retry: must be an object"],
  ];
  for (const [options, problem] of mistakes) {
    test(`refuses ${JSON.stringify(options)}: ${problem}`, () => {
      const attempt = () => retryPolicy(options as RetryOptions);
      expect(attempt).toThrow(InvalidOptionError);
      expect(attempt).toThrow(problem);
    });
  }
});

describe("retryDelay", () => {
  test("exponential delays grow by the factor up to the maximum", () => {
    expect(delays({ base: "1s", max: "10s" })).toEqual([1000, 2000, 4000, 8000, 10_000]);
    expect(delays({ base: 100, factor: 3, max: "1h" })).toEqual([100, 300, 900, 2700, 8100]);
  });

  test("fixed delays stay the same", () => {
    expect(delays({ backoff: "fixed", base: "5s" })).toEqual([5000, 5000, 5000, 5000, 5000]);
  });

  const anyPolicy = fc
    .record({
      backoff: fc.constantFrom("exponential" as const, "fixed" as const),
      base: fc.nat(10_000_000),
      factor: fc.double({ min: 1, max: 1e6, noNaN: true }),
      extra: fc.nat(10_000_000),
    })
    .map(({ extra, ...options }) => ({ ...options, max: options.base + extra }));
  const anyAttempt = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constant(10_000));
  const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test("jitter gives a whole number between the half and the whole of the delay, never beyond the maximum", () => {
    const law = fc.property(anyPolicy, anyAttempt, anyRandom, (options, attempt, random) => {
      const whole = retryDelay(retryPolicy({ ...options, jitter: false }), attempt, null, () => random);
      const delay = retryDelay(retryPolicy(options), attempt, null, () => random);
      expect(delay).toBeInteger();
      expect(delay).toBeGreaterThanOrEqual(Math.floor(whole / 2));
      expect(delay).toBeLessThanOrEqual(whole);
      expect(whole).toBeLessThanOrEqual(options.max);
    });
    fc.assert(law, { numRuns: 1000 });
  });

  test("jitter reaches both ends", () => {
    const policy = retryPolicy({ base: "1s" });
    expect(retryDelay(policy, 1, null, () => 0)).toBe(500);
    expect(retryDelay(policy, 1, null, () => 0.999999)).toBe(1000);
  });

  test("without jitter no delay is shorter than the one before", () => {
    const law = fc.property(anyPolicy, anyAttempt, (options, attempt) => {
      const policy = retryPolicy({ ...options, jitter: false });
      const [before, after] = [attempt, attempt + 1].map((number) =>
        retryDelay(policy, number, null, Math.random),
      );
      expect(after!).toBeGreaterThanOrEqual(before!);
    });
    fc.assert(law, { numRuns: 1000 });
  });

  test("ten thousand attempts overflow into the maximum, and a base of zero stays zero", () => {
    expect(retryDelay(retryPolicy({ jitter: false }), 10_000, null, Math.random)).toBe(600_000);
    expect(retryDelay(retryPolicy({ base: 0 }), 10_000, null, Math.random)).toBe(0);
  });

  describe("with a function", () => {
    test("it is given the attempt and what was thrown, and its delay is used as it is", () => {
      const asked: unknown[] = [];
      const backoff = (attempt: number, error: unknown) => {
        asked.push([attempt, error]);
        return "1.5s" as const;
      };
      expect(retryDelay(retryPolicy({ backoff }), 2, "boom", () => 0)).toBe(1500);
      expect(asked).toEqual([[2, "boom"]]);
    });

    test("its delay does not go beyond the maximum", () => {
      expect(delays({ backoff: () => "1h", max: "10m" }, 1)).toEqual([600_000]);
    });

    test("zero is a delay", () => {
      expect(delays({ backoff: () => 0 }, 1)).toEqual([0]);
    });

    const nonsense: unknown[] = [-1, Number.NaN, Infinity, "soon", undefined, null, {}];
    for (const result of nonsense) {
      test(`the exponential delay replaces ${Bun.inspect(result)}`, () => {
        expect(delays({ backoff: () => result as number }, 3)).toEqual([1000, 2000, 4000]);
      });
    }

    test("the exponential delay replaces one it fails to give", () => {
      const backoff = () => {
        throw new Error("a mistake in the task's options");
      };
      expect(delays({ backoff }, 3)).toEqual([1000, 2000, 4000]);
    });
  });
});
