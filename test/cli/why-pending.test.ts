import { describe, expect, test } from "bun:test";
import { type Facts, reasonsOf } from "../../cli/why/reasons.ts";
import { aWorker, now } from "../../src/testing/builders.ts";
import { busyWorker, codes, errors, facts, minute, second, textOf } from "../support/facts.ts";

describe("a pending job", () => {
  test("that is to run later is due then", () => {
    const later = facts({ job: { runAt: now + 5 * minute } });
    expect(reasonsOf(later)).toEqual([
      { code: "due", text: `it is due ${new Date(now + 5 * minute).toISOString()} (in 5m)` },
    ]);
  });

  test("that failed says which attempt is next, when, and the first line of its last error", () => {
    const failed = errors({}, { attempt: 2, name: "Error", message: "again\nand more" });
    const job = { runAt: now + 40 * second, attempt: 2, maxAttempts: 5, errors: failed };
    expect(codes(facts({ job }))).toEqual(["retry"]);
    expect(textOf(facts({ job }), "retry")).toMatch(
      /^attempt 3 of 5 is due \S+ \(in 40s\), after Error: again$/,
    );
    const due = facts({ job: { ...job, runAt: now - second } });
    expect(codes(due)).toEqual(["next", "retry"]);
    expect(textOf(due, "retry")).toMatch(
      /^attempt 3 of 5 has been due since \S+ \(1s ago\), after Error: again$/,
    );
  });

  test("that was put back says why, and when it runs again", () => {
    const job = { runAt: now + minute, reason: "the task asked to be run again in 1m: too early" };
    expect(textOf(facts({ job }), "put-back")).toMatch(
      /^it was put back: the task asked to be run again in 1m: too early; it is due \S+ \(in 1m\)$/,
    );
    expect(codes(facts({ job: { ...job, runAt: now } }))).toEqual(["next", "put-back"]);
  });

  test("of a paused queue says how to resume that", () => {
    const given = facts({ paused: true, job: { queue: "my mail" } });
    expect(textOf(given, "queue-paused")).toBe(
      `its queue "my mail" is paused, so nothing of it starts; nuvom resume "my mail" resumes it`,
    );
  });

  describe("that is parked tells the worker's reason, and", () => {
    const job = { task: "mail", parked: "theirs", reason: "input.to: is required" };
    const parked = (sources: Facts["sources"]) => textOf(facts({ job, sources }), "parked")!;

    test("outside of a project, that other sources are needed", () => {
      expect(parked(null)).toBe(
        'no worker that has tried can run it: input.to: is required; it waits for a worker with other sources: start one in a project that defines "mail"',
      );
    });

    test("where the sources do not define its task, that they do not", () => {
      const given = { root: "/project", definedAt: null, hash: "ours" };
      expect(parked(given)).toContain('the sources in /project do not define "mail" either');
      expect(parked(given)).toContain("nuvom cancel 0189");
    });

    test("where other sources define its task, where they do, and to start a worker with them", () => {
      const given = { root: "/project", definedAt: "mail.ts:3", hash: "ours" };
      expect(parked(given)).toContain(
        "the sources here, which are others, define it at mail.ts:3: start a worker",
      );
    });

    test("where the same sources define its task, to change those", () => {
      const given = { root: "/project", definedAt: "mail.ts:3", hash: "theirs" };
      expect(parked(given)).toContain(
        "had the same sources as are here, where mail.ts:3 defines it: change that",
      );
    });

    test("not that it was put back, nor who is before it", () => {
      const given = facts({ job, ahead: { count: 3, isExact: true } });
      expect(codes(given)).toEqual(["parked"]);
    });
  });

  test("without any worker says so", () => {
    expect(textOf(facts({ workers: [] }), "no-worker")).toBe("no worker is running; nuvom worker starts one");
  });

  test("whose workers have died says which was the last, and when", () => {
    const dead = (id: string, ago: number) =>
      aWorker(id, { host: id, seenAt: now - ago, leaseUntil: now + 10 * second - ago });
    const workers = [dead("web-1", 60 * minute), dead("web-2", 3 * minute), dead("web-3", 5 * minute)];
    expect(textOf(facts({ workers }), "no-worker")).toBe(
      "no worker is running (last sign of life: web-2/1, 3m ago); nuvom worker starts one",
    );
  });

  test("whose queue no worker serves says which they serve", () => {
    const workers = [
      { ...busyWorker, queues: ["b", "a"] },
      { ...busyWorker, id: "w2", queues: ["c", "a"] },
    ];
    expect(textOf(facts({ workers, job: { queue: "mail" } }), "no-worker-for-queue")).toBe(
      'no worker serves its queue "mail", only a, b, c; nuvom worker --queue mail starts one that does',
    );
    expect(codes(facts({ workers: [{ ...busyWorker, queues: [] }], job: { queue: "mail" } }))).not.toContain(
      "no-worker-for-queue",
    );
  });

  describe("whose workers", () => {
    const quiet = { ...busyWorker, claimedAt: now - 2 * minute };

    test("are alive but have not asked for jobs for longer than a lease hears since when", () => {
      const given = facts({
        workers: [quiet, { ...quiet, id: "w2", host: "other", claimedAt: now - 3 * minute }],
      });
      expect(codes(given)).toEqual(["workers-stuck", "due"]);
      expect(textOf(given, "workers-stuck")).toMatch(
        /^the workers that serve its queue \(host\/1, other\/1\) are alive but have not asked for jobs since \S+ \(2m ago\): look/,
      );
    });

    test("never asked for jobs, although they started long ago, hears that", () => {
      const given = facts({ workers: [{ ...quiet, claimedAt: null, startedAt: now - minute }] });
      expect(textOf(given, "workers-stuck")).toContain("have not asked for jobs at all so far");
    });

    test("have just started, or work in part, does not", () => {
      const fresh = { ...quiet, claimedAt: null, startedAt: now - 2 * second };
      expect(codes(facts({ workers: [fresh] }))).not.toContain("workers-stuck");
      expect(codes(facts({ workers: [quiet, busyWorker] }))).not.toContain("workers-stuck");
    });

    test("that serve other queues work does hear of its own", () => {
      const other = { ...busyWorker, id: "w2", queues: ["other"] };
      expect(codes(facts({ workers: [quiet, other] }))).toContain("workers-stuck");
    });
  });

  test("that is suspected of crashes says that it runs alone", () => {
    const given = facts({ job: { crashes: 2 } });
    expect(codes(given)).toEqual(["crash-suspect", "next", "due"]);
    expect(textOf(given, "crash-suspect")).toContain("died 2 times while it ran");
  });

  test.each([
    [
      1,
      true,
      1,
      "1 due job of its queue comes before it, by priority and then by time; 1 job is running now",
    ],
    [
      12,
      true,
      4,
      "12 due jobs of its queue come before it, by priority and then by time; 4 jobs are running now",
    ],
    [1_000, false, 0, "more than 1,000 due jobs of its queue come before it, by priority"],
  ])("behind %d others (all counted: %p) counts them", (count, isExact, running, says) => {
    const given = facts({ ahead: { count, isExact }, running });
    expect(codes(given)).toEqual(["behind", "due"]);
    expect(textOf(given, "behind")).toStartWith(says);
  });

  test("that is next waits for a free process if others run, and for nothing if none does", () => {
    expect(textOf(facts({ running: 2 }), "busy")).toBe(
      "it is next in its queue, and waits for a free process; 2 jobs are running now",
    );
    expect(codes(facts())).toEqual(["next", "due"]);
  });

  test("that has several reasons to wait names the most decisive first", () => {
    const held = { parked: "s", reason: "no task", crashes: 1, schedule: "s", scheduledFor: now };
    const given = facts({ paused: true, workers: [], job: held, ahead: { count: 3, isExact: true } });
    expect(codes(given)).toEqual(["queue-paused", "parked", "no-worker", "crash-suspect", "schedule"]);
    const later = { ...given, job: { ...given.job, parked: null, runAt: now + minute } };
    expect(codes(later)).toEqual(["put-back", "queue-paused", "no-worker", "crash-suspect", "schedule"]);
  });
});
