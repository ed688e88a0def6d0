import { describe, expect, test } from "bun:test";
import { reasonsOf } from "../../cli/why/reasons.ts";
import { now } from "../../src/testing/builders.ts";
import { busyWorker, codes, errors, facts, minute, notes, second, textOf } from "../support/facts.ts";

describe("a running job", () => {
  const job = {
    state: "running",
    attempt: 2,
    maxAttempts: 5,
    worker: "w1",
    startedAt: now - 3 * minute,
  } as const;

  test("says since when, where, how far it has come and what its limit is", () => {
    const said = { ...job, timeout: 10 * minute, notes: notes({ done: 40, total: 80, message: "resizing" }) };
    expect(reasonsOf(facts({ job: said }))).toEqual([
      {
        code: "running",
        text: `attempt 2 of 5 runs since ${new Date(now - 3 * minute).toISOString()} (3m ago) on host/1, last sign of life 1s ago; it has come to 40 of 80 (50%): resizing; its timeout is 10m`,
      },
    ]);
  });

  test("that somebody wants cancelled says who", () => {
    const given = facts({ job: { ...job, reason: "by ann" } });
    expect(codes(given)).toEqual(["cancelling", "running"]);
    expect(textOf(given, "cancelling")).toBe(
      "somebody wants it cancelled: by ann; its worker stops it within seconds",
    );
  });

  describe("whose worker is silent says", () => {
    const silent = (ago: number) => ({
      ...busyWorker,
      seenAt: now - ago,
      leaseUntil: now - ago + 10 * second,
    });

    test("when it is taken from it", () => {
      const given = facts({ job, workers: [silent(7 * second)] });
      expect(codes(given)).toEqual(["worker-silent", "running"]);
      expect(textOf(given, "worker-silent")).toBe(
        "its worker host/1 gave its last sign of life 7s ago; if that goes on, the job is taken from it in 3s",
      );
    });

    test("that another worker takes the job over", () => {
      const given = facts({ job, workers: [silent(25 * second), { ...busyWorker, id: "w2" }] });
      expect(textOf(given, "worker-silent")).toBe(
        "its worker host/1 gave its last sign of life 25s ago, so it has lost the job: another worker makes it pending again within seconds",
      );
    });

    test("that no worker is there to take it over", () => {
      const given = facts({ job, workers: [silent(25 * second)] });
      expect(textOf(given, "worker-silent")).toEndWith("makes it pending again: nuvom worker starts one");
    });

    test("that it is gone", () => {
      const given = facts({ job, workers: [] });
      expect(textOf(given, "worker-silent")).toBe("its worker w1 is gone, and the job is about to run again");
    });
  });
});

describe("a finished job", () => {
  const ended = {
    attempt: 2,
    maxAttempts: 3,
    startedAt: now - minute - 340,
    finishedAt: now - minute,
    worker: "w1",
  };
  const day = 24 * 60 * minute;

  test("that succeeded says in which attempt, and how long it is kept", () => {
    const given = facts({ job: { ...ended, state: "succeeded", keepFor: day } });
    const at = new Date(now - minute).toISOString();
    expect(reasonsOf(given)).toEqual([
      { code: "succeeded", text: `it succeeded ${at} (1m ago), in attempt 2 of 3, after 340ms` },
      {
        code: "kept",
        text: `it is kept until ${new Date(now - minute + day).toISOString()} (in 23h 59m), but no more than 10,000 succeeded ones of its task`,
      },
    ]);
  });

  test("that failed says with what, and how to run it again", () => {
    const failed = { ...ended, state: "failed", errors: errors({ attempt: 3 }) } as const;
    const last = textOf(facts({ job: { ...failed, attempt: 3 } }), "failed")!;
    expect(last).toMatch(
      /^it failed \S+ \(1m ago\), in attempt 3 of 3, with TypeError: first line; nuvom retry \S+ runs it again$/,
    );
    const early = textOf(facts({ job: failed }), "failed");
    expect(early).toContain("in attempt 2 of 3, with TypeError: first line, which allows no other attempt;");
  });

  test("that was cancelled says by whom, and whether it had begun", () => {
    const cancelled = { ...ended, state: "cancelled", reason: "by nuvom cancel (ann on web-1)" } as const;
    expect(textOf(facts({ job: cancelled }), "cancelled")).toMatch(
      /^it was cancelled \S+ \(1m ago\), by nuvom cancel \(ann on web-1\), after it had begun attempt 2 of 3$/,
    );
    expect(textOf(facts({ job: { ...cancelled, attempt: 0 } }), "cancelled")).toEndWith(
      ", before its first attempt",
    );
  });

  test.each([
    [{ keepFailedFor: null }, "it is kept without limit, but no more than 10,000 failed ones of its task"],
    [{ keepFailedFor: null, keepCount: null }, "it is kept without limit"],
    [{ keepFailedFor: second }, "its time to be kept is over: a worker is about to delete it"],
  ])("is kept as its task says: %j", (keep, says) => {
    expect(textOf(facts({ job: { ...ended, state: "failed", ...keep } }), "kept")).toBe(says);
  });
});

describe("a job of a schedule", () => {
  test("says of which, and for which occurrence", () => {
    const job = { schedule: "report:rome", scheduledFor: now };
    expect(reasonsOf(facts({ job })).at(-1)).toEqual({
      code: "schedule",
      text: `the schedule "report:rome" made it, for ${new Date(now).toISOString()}`,
    });
  });

  test("out of turn says that", () => {
    expect(textOf(facts({ job: { schedule: "s" } }), "schedule")).toBe(
      'the schedule "s" made it, out of turn',
    );
  });
});
