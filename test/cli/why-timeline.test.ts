import { describe, expect, test } from "bun:test";
import { timelineOf } from "../../cli/why/timeline.ts";
import { encode } from "../../src/codec.ts";
import type { Job, JobError } from "../../src/job.ts";
import { aJob, now, pending } from "../../src/testing/builders.ts";

/** A job that was created at `now`. */
const job = (fields: Partial<Job>): Job => ({ ...pending(aJob()), ...fields });

/** An attempt that began so many milliseconds after `now` and failed 300 later. */
function failed(attempt: number, after: number, fields: Partial<JobError> = {}): JobError {
  const error = { name: "Error", message: "m", stack: "", worker: "w1", pid: 7 };
  return { ...error, attempt, startedAt: now + after, finishedAt: now + after + 300, ...fields };
}

const errors = (...given: JobError[]) => encode(given, { root: "errors", limit: 9_999 });

const events = (given: Job) =>
  timelineOf(given).map(({ at, event }) => [event, at === null ? null : at - now]);

test("of a job that waits is when it was created and when it is due", () => {
  expect(timelineOf(job({ runAt: now + 500 }))).toEqual([
    { at: now, event: "created", text: "created" },
    { at: now + 500, event: "due", text: "attempt 1 is due", attempt: 1 },
  ]);
});

test("has each failed attempt, with its wait, its length, its error and where it ran", () => {
  const first = failed(1, 100, { name: "TypeError", message: "a\nb\nc\nd" });
  const second = failed(2, 1_400, { worker: "w2", pid: 8 });
  const fields = { attempt: 2, claims: 2, startedAt: second.startedAt, runAt: now + 3_700 };
  const timeline = timelineOf(job({ ...fields, errors: errors(first, second) }));
  expect(timeline[1]).toEqual({
    at: now + 100,
    event: "attempt-failed",
    text: "attempt 1 in process 7 failed after 300ms, having waited 100ms\nTypeError: a\nb\nc\nworker w1",
    attempt: 1,
    waited: 100,
    duration: 300,
    error: { name: "TypeError", message: "a\nb\nc\nd" },
    worker: "w1",
    pid: 7,
  });
  expect(timeline[2]).toMatchObject({ attempt: 2, waited: 1_000, duration: 300, worker: "w2", pid: 8 });
  expect(timeline.slice(3)).toMatchObject([{ at: now + 3_700, event: "due", text: "attempt 3 is due" }]);
});

test("of a job that succeeded ends with that attempt and its end", () => {
  const ended = { state: "succeeded", attempt: 2, claims: 2, worker: "w2" } as const;
  const times = { startedAt: now + 1_000, finishedAt: now + 1_250, errors: errors(failed(1, 100)) };
  const [, , last, end, ...rest] = timelineOf(job({ ...ended, ...times }));
  expect(last).toEqual({
    at: now + 1_000,
    event: "attempt-succeeded",
    text: "attempt 2 succeeded after 250ms, having waited 600ms\nworker w2",
    attempt: 2,
    waited: 600,
    duration: 250,
    worker: "w2",
  });
  expect(end).toEqual({ at: now + 1_250, event: "succeeded", text: "succeeded" });
  expect(rest).toEqual([]);
});

test("of a job that failed has its last attempt once", () => {
  const ended = {
    state: "failed",
    attempt: 1,
    claims: 1,
    startedAt: now + 100,
    finishedAt: now + 410,
  } as const;
  expect(events(job({ ...ended, errors: errors(failed(1, 100)) }))).toEqual([
    ["created", 0],
    ["attempt-failed", 100],
    ["failed", 410],
  ]);
});

test("of a running job ends with the attempt that runs", () => {
  const given = job({ state: "running", attempt: 1, claims: 1, startedAt: now + 5, worker: "w1" });
  expect(timelineOf(given).at(-1)).toMatchObject({
    at: now + 5,
    event: "attempt-began",
    text: "attempt 1 began, having waited 5ms\nworker w1",
  });
});

describe("of a job that was taken and put back says", () => {
  const taken = { claims: 1, startedAt: now + 5, worker: "w1" };

  test.each([
    ["why", { reason: "interrupted" }, "taken and put back (interrupted), having waited 5ms\nworker w1"],
    ["that its worker was lost", { crashes: 1 }, "taken and put back (its worker was lost), having waited"],
    [
      "so, if it was cancelled",
      { state: "cancelled", finishedAt: now + 9 },
      "an attempt began, of whose end nothing is recorded",
    ],
  ] as const)("%s", (_, fields, says) => {
    expect(timelineOf(job({ ...taken, ...fields }))[1]).toMatchObject({
      at: now + 5,
      event: "put-back",
      text: expect.stringContaining(says),
    });
  });

  test("that it has ended, if somebody has retried it", () => {
    expect(timelineOf(job(taken))[1]).toMatchObject({
      at: now + 5,
      event: "retried",
      text: expect.stringContaining("ended the job, which was then made pending again by hand"),
    });
  });

  test("no time when it was due again if that was before", () => {
    expect(events(job({ ...taken, reason: "interrupted" }))).toEqual([
      ["created", 0],
      ["put-back", 5],
    ]);
  });
});

test("counts what is not recorded", () => {
  const fields = { attempt: 1, claims: 5, startedAt: now + 900, reason: "snoozed", runAt: now + 2_000 };
  const given = job({ ...fields, errors: errors(failed(1, 100)) });
  expect(events(given)).toEqual([
    ["created", 0],
    ["attempt-failed", 100],
    ["not-recorded", null],
    ["put-back", 900],
    ["due", 2_000],
  ]);
  expect(timelineOf(given)[2]!.text).toStartWith(
    "taken by a worker 3 times of which nothing else is recorded",
  );
});

test("says where a job was made pending again by hand", () => {
  const given = job({
    claims: 3,
    attempt: 1,
    errors: errors(failed(1, 0), failed(2, 500), failed(1, 9_000)),
  });
  expect(events({ ...given, startedAt: now + 9_000, runAt: now + 9_500 })).toEqual([
    ["created", 0],
    ["attempt-failed", 0],
    ["attempt-failed", 500],
    ["retried", null],
    ["attempt-failed", 9_000],
    ["due", 9_500],
  ]);
});

test("of a cancelled job says by whom", () => {
  const given = job({ state: "cancelled", finishedAt: now + 7, reason: "by ann" });
  expect(timelineOf(given).at(-1)).toEqual({ at: now + 7, event: "cancelled", text: "cancelled: by ann" });
});
