import { describe, expect } from "bun:test";
import type { Job, NewJob } from "../job.ts";
import type { Finished, Outcome, Storage } from "../storage/storage.ts";
import {
  aJob,
  aWorker,
  cancelled,
  claimAgain,
  failed,
  idsOf,
  type Law,
  leaseEnd,
  now,
  pending,
  read,
  released,
  retried,
  start,
  succeeded,
  why,
} from "./builders.ts";

/** The laws of how long finished jobs are kept, and how many of them. */
export function retentionLaws(law: Law): void {
  describe("a job that is not to be kept", () => notKeptLaws(law));
  describe("prune", () => pruneLaws(law));
  describe("trim", () => trimLaws(law));
}

/** The ids that are left, in the order in which they were made. */
async function left(storage: Storage): Promise<string[]> {
  return idsOf(await storage.list({}, { limit: 1000 })).reverse();
}

/** Inserts and claims the jobs and ends each at its own time. */
async function end(
  storage: Storage,
  jobs: NewJob[],
  outcome: (job: Job) => Outcome,
  at: (index: number) => number,
): Promise<void> {
  const claimed = await start(storage, jobs);
  for (const [index, { id }] of jobs.entries()) {
    const job = claimed.find((job) => job.id === id)!;
    await storage.settle("w1", [outcome(job)], at(index));
  }
}

function notKeptLaws(law: Law) {
  const notKept = () => aJob({ key: "k", keepFor: 0, keepFailedFor: 0 });
  const settled = (outcome: (job: Job) => Outcome) => async (storage: Storage, job: Job) => {
    expect(await storage.settle("w1", [outcome(job)], now)).toEqual([true]);
    expect(await storage.settle("w1", [outcome(job)], now)).toEqual([false]);
  };

  const ends: Record<string, (storage: Storage, job: Job) => Promise<unknown>> = {
    "as it succeeds": settled(succeeded),
    "as it fails": settled(failed),
    "as its attempt ends cancelled": settled(cancelled),
    "as it is released, to be cancelled": async (storage, job) => {
      await storage.cancel([job.id], why, now);
      await settled(released)(storage, job);
    },
    "as it is to be retried, but cancelled": async (storage, job) => {
      await storage.cancel([job.id], why, now);
      await settled(retried)(storage, job);
    },
    "as it is cancelled while it is pending": async (storage, job) => {
      await storage.settle("w1", [released(job)], now);
      expect(await storage.cancel([job.id], why, now)).toEqual(["pending"]);
      expect(await storage.cancel([job.id], why, now)).toEqual([null]);
    },
    "as it is recovered, to be cancelled": async (storage, job) => {
      await storage.cancel([job.id], why, now);
      expect(await storage.recover(leaseEnd)).toEqual([job.id]);
    },
  };
  for (const [how, finish] of Object.entries(ends)) {
    law(`is gone ${how}, and its key and id are free`, async (storage) => {
      const [job] = await start(storage, [notKept()]);
      await finish(storage, job!);
      expect(await read(storage, job!)).toEqual([null]);
      expect(await storage.list({}, { limit: 9 })).toEqual([]);
      expect(await storage.counts()).toMatchObject([{ running: 0, succeeded: 0, failed: 0, cancelled: 0 }]);
      expect(await storage.nextRunAt(["default"])).toBeNull();
      expect(await storage.heartbeat(aWorker())).toMatchObject({ running: 0, cancel: [] });
      expect(await storage.retry([job!.id], now)).toEqual([false]);

      const [same, sameKey] = [{ ...notKept(), id: job!.id }, notKept()];
      expect(await storage.insert([same, sameKey])).toEqual([job!.id, job!.id]);
      expect(await read(storage, same)).toStrictEqual([pending(same)]);
      const [again] = await claimAgain(storage, [same]);
      expect(again).toMatchObject({ id: job!.id, attempt: 1, claims: 1 });
      expect(await storage.heartbeat(aWorker())).toMatchObject({ running: 1, cancel: [] });
    });
  }

  law("takes none of its batch with it", async (storage) => {
    const jobs = await start(storage, [aJob(), notKept(), aJob({ keepFor: 1 })]);
    expect(await storage.settle("w1", jobs.map(succeeded), now)).toEqual([true, true, true]);
    expect(await left(storage)).toEqual(idsOf([jobs[0]!, jobs[2]!]));
  });

  law("is kept while it waits for another attempt, and if it ends otherwise", async (storage) => {
    const onlyFailed = aJob({ keepFor: 0, keepFailedFor: null });
    const onlyOthers = aJob({ keepFor: null, keepFailedFor: 0 });
    await end(storage, [onlyFailed, onlyOthers], retried, () => now);
    expect(await read(storage, onlyFailed, onlyOthers)).toMatchObject([
      { state: "pending" },
      { state: "pending" },
    ]);
    await end(storage, [onlyFailed], failed, () => now);
    await end(storage, [onlyOthers], succeeded, () => now);
    expect(await read(storage, onlyFailed, onlyOthers)).toMatchObject([
      { state: "failed" },
      { state: "succeeded" },
    ]);
  });
}

function pruneLaws(law: Law) {
  law("deletes what was kept for its time, the longest overdue first, up to the limit", async (storage) => {
    const times = [50, 10, 40, 20, 30];
    const jobs = times.map((keepFor) => aJob({ keepFor }));
    await end(storage, jobs, succeeded, (index) => now + index);
    const over = now + 40 + 2;
    const [a, b, c, d, e] = idsOf(jobs) as [string, string, string, string, string];
    expect(await storage.prune(over, 0)).toBe(0);
    expect(await left(storage)).toEqual([a, b, c, d, e]);
    expect(await storage.prune(over, 2)).toBe(2);
    expect(await left(storage)).toEqual([a, c, e]);
    expect(await storage.prune(over - 1, 9)).toBe(1);
    expect(await left(storage)).toEqual([a, c]);
    expect(await storage.prune(over, 9)).toBe(1);
    expect(await storage.prune(over, 9)).toBe(0);
    expect(await left(storage)).toEqual([a]);
  });

  law("has a time for what failed and one for what ended otherwise, cancelled ones too", async (storage) => {
    const make = () => aJob({ keepFor: 10, keepFailedFor: 20 });
    const jobs = [make(), make(), make(), make()];
    const [a, b, c, d] = idsOf(jobs) as [string, string, string, string];
    await end(storage, [jobs[0]!], succeeded, () => now);
    await end(storage, [jobs[1]!], failed, () => now);
    await end(storage, [jobs[2]!], cancelled, () => now);
    await storage.insert([jobs[3]!]);
    await storage.cancel([d], why, now);
    expect(await storage.prune(now + 9, 9)).toBe(0);
    expect(await left(storage)).toEqual([a, b, c, d]);
    expect(await storage.prune(now + 19, 9)).toBe(3);
    expect(await left(storage)).toEqual([b]);
    expect(await storage.prune(now + 20, 9)).toBe(1);
  });

  law("leaves what is kept without limit, and what has not ended", async (storage) => {
    const waiting = aJob({ keepFor: 1, keepFailedFor: 1 });
    const running = aJob({ keepFor: 1, keepFailedFor: 1 });
    const kept = [aJob({ keepFailedFor: 1 }), aJob({ keepFor: 1 })];
    await end(storage, [kept[0]!], succeeded, () => now);
    await end(storage, [kept[1]!], failed, () => now);
    await start(storage, [running]);
    await storage.insert([waiting]);
    expect(await storage.prune(8_640_000_000_000_000, 9)).toBe(0);
    expect(await left(storage)).toEqual(idsOf([waiting, running, ...kept]));
  });

  law("leaves a job that is retried until its time counted anew is over", async (storage) => {
    const job = aJob({ keepFor: 10, keepFailedFor: 10 });
    await end(storage, [job], failed, () => now);
    await storage.retry([job.id], now + 5);
    expect(await storage.prune(now + 99, 9)).toBe(0);
    await storage.heartbeat(aWorker("w1", { leaseUntil: now + 200 }));
    const [claimed] = await storage.claim("w1", ["default"], 1, now + 99);
    expect(await storage.prune(now + 99, 9)).toBe(0);
    await storage.settle("w1", [succeeded(claimed!)], now + 100);
    expect(await storage.prune(now + 109, 9)).toBe(0);
    expect(await storage.prune(now + 110, 9)).toBe(1);
  });
}

function trimLaws(law: Law) {
  const finished: Finished = { queue: "default", task: "test.task", state: "succeeded" };

  law("deletes those beyond the count that ended first, up to the limit", async (storage) => {
    const jobs = Array.from({ length: 7 }, () => aJob());
    const [a, b, c, d, e, f, g] = idsOf(jobs) as [string, string, string, string, string, string, string];
    // In the order in which they ended: g, then a and b together, then c, f, e, d.
    const ends = [5, 5, 6, 9, 8, 7, 0];
    await end(storage, jobs, succeeded, (index) => now + ends[index]!);
    expect(await storage.trim(finished, 7, 9)).toBe(0);
    expect(await storage.trim(finished, 3, 0)).toBe(0);
    expect(await left(storage)).toEqual([a, b, c, d, e, f, g]);
    expect(await storage.trim(finished, 3, 3)).toBe(3);
    expect(await left(storage)).toEqual([c, d, e, f]);
    expect(await storage.trim(finished, 4, 9)).toBe(0);
    expect(await storage.trim(finished, 1, 9)).toBe(3);
    expect(await left(storage)).toEqual([d]);
    expect(await storage.trim(finished, 0, 9)).toBe(1);
    expect(await storage.trim(finished, 0, 9)).toBe(0);
    expect(await storage.insert([jobs[0]!])).toEqual([a]);
    expect(await read(storage, jobs[0]!)).toStrictEqual([pending(jobs[0]!)]);
  });

  law("leaves other tasks, queues and states, whatever characters their names have", async (storage) => {
    const [queue, task] = ["a:b", "c"];
    const others = [
      aJob({ queue: "a", task: "b:c" }),
      aJob({ queue: "{a}", task }),
      aJob({ queue, task: "c\0" }),
      aJob({ queue, task: "c:succeeded" }),
    ];
    await end(storage, others, succeeded, () => now);
    const jobs = [aJob({ queue, task }), aJob({ queue, task }), aJob({ queue, task }), aJob({ queue, task })];
    await end(storage, [jobs[0]!], succeeded, () => now);
    await end(storage, [jobs[1]!], failed, () => now);
    await end(storage, [jobs[2]!], cancelled, () => now);
    await storage.insert([jobs[3]!]);
    for (const [index, state] of (["succeeded", "failed", "cancelled"] as const).entries()) {
      expect(await storage.trim({ queue, task, state }, 0, 9)).toBe(1);
      expect(await left(storage)).toEqual(idsOf([...others, ...jobs.slice(index + 1)]));
    }
    expect(await storage.trim({ queue: "none", task, state: "failed" }, 0, 9)).toBe(0);
  });

  law("counts those that are there: not the pruned ones, nor the retried ones", async (storage) => {
    const jobs = [aJob(), aJob({ keepFor: 1 }), aJob(), aJob()];
    await end(storage, jobs, succeeded, (index) => now + index);
    await storage.prune(now + 9, 9);
    await storage.retry([jobs[3]!.id], now + 9);
    expect(await storage.trim(finished, 2, 9)).toBe(0);
    expect(await storage.trim(finished, 1, 9)).toBe(1);
    expect(await left(storage)).toEqual(idsOf([jobs[2]!, jobs[3]!]));
    await storage.heartbeat(aWorker());
    const [again] = await storage.claim("w1", ["default"], 9, now + 9);
    await storage.settle("w1", [succeeded(again!)], now + 10);
    expect(await storage.trim(finished, 1, 9)).toBe(1);
    expect(await left(storage)).toEqual([jobs[3]!.id]);
  });
}
