import { describe, expect, test } from "bun:test";
import { frame } from "../../../cli/watch/frame.ts";
import type { Look } from "../../../cli/watch/look.ts";
import type { Job } from "../../../src/index.ts";
import { aJob, aSchedule, aWorker, now, pending } from "../../../src/testing/builders.ts";
import { busyWorker, errors, minute, notes, second } from "../../support/facts.ts";

const none = {
  paused: false,
  nextRunAt: null as number | null,
  added: 0,
  pending: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
};

const queue = (name: string, numbers: Partial<typeof none> = {}) => ({ name, ...none, ...numbers });

function aLook(fields: Partial<Look> = {}): Look {
  return { at: now, queues: [], workers: [busyWorker], running: [], failed: [], schedules: [], ...fields };
}

const running = (task: string, fields: Partial<Job> = {}): Job => {
  return { ...pending(aJob({ task })), state: "running", startedAt: now - 5 * second, ...fields };
};

const failed = (task: string, finishedAt: number): Job => {
  return { ...pending(aJob({ task })), state: "failed", finishedAt, errors: errors({}) };
};

/** What is drawn of these looks, without the spaces at the ends and the empty lines at the bottom. */
function drawn(
  looks: Look | Look[],
  size = { columns: 80, rows: 40 },
  problem: string | null = null,
): string {
  const view = { storage: "sqlite:jobs.db", looks: [looks].flat(), problem };
  return frame(view, size, now).join("\n").replaceAll(/ +$/gm, "").trimEnd();
}

test("everything has its place", () => {
  const look = aLook({
    queues: [
      queue("default", { pending: 1_234, running: 2, failed: 2, nextRunAt: now - minute }),
      queue("mail", { paused: true, pending: 3 }),
    ],
    workers: [busyWorker, aWorker("w2", { pid: 2, queues: [], seenAt: now, leaseUntil: now + second })],
    running: [
      running("resize"),
      running("import", {
        startedAt: now - minute,
        notes: notes({ done: 40, total: 80, message: "users" }),
      }),
    ],
    failed: [failed("report", now - minute), failed("welcome", now - second)],
    schedules: [aSchedule({ id: "nightly", nextRunAt: now + minute })],
  });
  const [title, ...rest] = drawn(look).split("\n");
  expect(title).toMatch(/^\d\d:\d\d:\d\d {2}sqlite:jobs\.db {2}\(q ends this\)$/);
  expect(rest.join("\n")).toBe(`…/s added  …/s ended  …/s failed

QUEUE          PENDING  RUNNING  SUCCEEDED  FAILED  CANCELLED  DUE
default        1,234    2        0          2       0          1m ago
mail (paused)  3        0        0          0       0

WORKER  QUEUES   LAST CLAIM  SEEN
host/1  default  2s ago      1s ago
host/2  all      not yet     now

RUNNING  STARTED  PROGRESS
import   1m ago   40 of 80 (50%): users
resize   5s ago

FAILED   WHEN    ERROR
welcome  1s ago  TypeError: first line
report   1m ago  TypeError: first line

SCHEDULE  NEXT   QUEUE
nightly   in 1m  default`);
});

describe("what there is not", () => {
  test("takes no place", () => {
    const text = drawn(aLook({ queues: [queue("default")] }));
    for (const word of ["RUNNING  ", "FAILED  ", "SCHEDULE"]) expect(text).not.toContain(`\n${word}`);
  });

  test("a worker that answers is missed", () => {
    const queues = [queue("default", { pending: 1 })];
    expect(drawn(aLook({ queues }))).not.toContain("no worker is running");
    expect(drawn(aLook({ queues, workers: [] }))).toContain("no worker is running");
    expect(drawn(aLook({ queues, workers: [{ ...busyWorker, leaseUntil: now }] }))).toContain(
      "no worker is running",
    );
  });
});

test("a worker whose lease is over is called stale, and one that has stopped is not there", () => {
  const silent = { seenAt: now - 20 * second, leaseUntil: now - second };
  const stopped = { ...busyWorker, pid: 8, leaseUntil: busyWorker.seenAt };
  const text = drawn(aLook({ workers: [busyWorker, { ...busyWorker, pid: 9, ...silent }, stopped] }));
  expect(text).toMatch(/^host\/1 .* 1s ago$/m);
  expect(text).toMatch(/^host\/9 .* stale, 20s ago$/m);
  expect(text.match(/^host/gm)).toHaveLength(2);
});

describe("where there is more than fits", () => {
  const jobs = Array.from({ length: 30 }, (_, i) => running(`task-${i}`));
  const queues = Array.from({ length: 2_000 }, (_, i) => queue(`queue-${i}`, { pending: i, running: 2 }));
  const schedules = Array.from({ length: 30 }, (_, i) => aSchedule({ id: `schedule-${i}` }));
  const look = aLook({ queues, running: jobs, schedules });

  test("each table says how many more there are", () => {
    const text = drawn(look, { columns: 80, rows: 32 });
    expect(text.split("\n")).toHaveLength(32);
    const shown = (word: string) => text.match(new RegExp(`^${word}-`, "gm"))!.length;
    expect(text).toContain(`and ${(2_000 - shown("queue")).toLocaleString("en")} more`);
    expect(text).toContain(`and ${(4_000 - shown("task")).toLocaleString("en")} more`);
    expect(text).toMatch(/^and more$/m);
    expect(shown("queue") + shown("task") + shown("schedule")).toBeGreaterThan(12);
  });

  test("the queues that have the most to do are shown", () => {
    expect(drawn(look)).toMatch(/^QUEUE.*\nqueue-1999 .*\nqueue-1998 /m);
  });

  test("a table that needs few lines leaves them to the others", () => {
    const text = drawn(aLook({ queues: queues.slice(0, 2), running: jobs }), { columns: 80, rows: 30 });
    expect(text).toContain("queue-0");
    expect(text).toContain("queue-1");
    expect(text.match(/^task-/gm)!.length).toBe(30 - 2 - 4 - 3 - 3);
  });
});

test("no line is longer than the terminal, and there are as many as it has, whatever the names", () => {
  const wide = "漢字🧑‍🚀\u001b[2J\n\tä".repeat(9);
  const look = aLook({
    queues: Array.from({ length: 50 }, (_, i) => queue(`${wide}${i}`, { pending: 10 ** i })),
    workers: [{ ...busyWorker, host: wide, queues: [wide, wide] }],
    running: [running(wide, { notes: notes({ done: 1, total: null, message: wide }) })],
    failed: [{ ...failed(wide, now), errors: errors({ name: wide, message: wide }) }],
    schedules: [aSchedule({ id: wide })],
  });
  for (const problem of [null, `${wide} ${wide}`]) {
    for (const columns of [1, 2, 3, 9, 40, 41, 80, 200]) {
      for (const rows of [1, 2, 3, 7, 24, 60]) {
        const lines = frame({ storage: wide, looks: [look], problem }, { columns, rows }, now);
        expect(lines).toHaveLength(rows);
        expect(Math.max(...lines.map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(columns);
        expect(lines.join("")).not.toMatch(/\p{Cc}/u);
      }
    }
  }
});

test("a storage that is lost: since when and why, over what was known last", () => {
  const look = aLook({ at: now - minute, queues: [queue("default", { pending: 7 })] });
  const text = drawn(look, undefined, "storage redis://db cannot be reached: nobody listens there");
  expect(text).toMatch(
    /\nno answer since \d\d:\d\d:\d\d \(1m ago\): storage redis:\/\/db cannot be reached: nobody\nlistens there\n/,
  );
  expect(text).toContain("\ndefault  7 ");
  expect(text).not.toContain("/s");
});

describe("rates", () => {
  const at = (seconds: number, ...queues: Partial<typeof none>[]) =>
    aLook({ at: now + seconds * second, queues: queues.map((numbers, i) => queue(`queue-${i}`, numbers)) });

  test("of jobs that were added, ended and failed are those of all looks together", () => {
    const looks = [
      at(0, { added: 20, pending: 20 }),
      at(1, { added: 20, pending: 11, running: 4, succeeded: 5 }),
      at(4, { added: 26, pending: 10, running: 4, succeeded: 11, failed: 1 }),
    ];
    expect(drawn(looks)).toContain("\n1.5/s added  3/s ended  0.3/s failed");
  });

  test("count queues that were not there before, and large numbers", () => {
    const looks = [at(0, { added: 5, succeeded: 5 }), at(1, { added: 5, succeeded: 5 }, { added: 1_500 })];
    expect(drawn(looks)).toContain("\n1,500/s added  1,500/s ended  0/s failed");
  });

  test("count jobs that were deleted in between", () => {
    const looks = [
      at(0, { added: 900, succeeded: 900 }),
      at(1, { added: 950 }),
      at(2, { added: 1_000, succeeded: 9 }),
    ];
    expect(drawn(looks)).toContain("\n50/s added  50/s ended  0/s failed");
  });

  test("are not less than nothing when jobs are tried again, or all are gone", () => {
    const looks = [at(0, { added: 9, failed: 9 }), at(1, { added: 9, pending: 9 }), at(2, {})];
    expect(drawn(looks)).toContain("\n0/s added  0/s ended  0/s failed");
  });
});
