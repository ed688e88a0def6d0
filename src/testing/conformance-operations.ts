import { describe, expect } from "bun:test";
import { priorities } from "../job.ts";
import type { Storage } from "../storage/storage.ts";
import {
  aJob,
  aWorker,
  bytes,
  cancelled,
  claimAgain,
  failed,
  idsOf,
  type Law,
  now,
  pending,
  read,
  released,
  retried,
  start,
  succeeded,
  why,
} from "./builders.ts";

/** The laws of what people see and do. */
export function operationLaws(law: Law): void {
  describe("get, list, counts, queues", () => readLaws(law));
  describe("cancel", () => cancelLaws(law));
  describe("retry", () => retryLaws(law));
  describe("check", () => checkLaws(law));
}

const everything = { limit: 1000 };

function readLaws(law: Law) {
  law("get answers in the order of the ids, null where there is no job", async (storage) => {
    const [a, b] = [aJob(), aJob()];
    await storage.insert([a, b]);
    const found = await read(storage, b, { id: "none" }, a, b);
    expect(found).toStrictEqual([pending(b), null, pending(a), pending(b)]);
    expect(await storage.get([])).toEqual([]);
  });

  law("states tells what get tells", async (storage) => {
    const [a, b, c, d, e] = await start(storage, [aJob(), aJob(), aJob(), aJob(), aJob()]);
    await storage.settle("w1", [succeeded(a!), failed(b!), cancelled(c!), released(d!)], now);
    const ids = idsOf([e!, d!, { id: "none" }, c!, b!, a!, e!]);
    const states = (await storage.get(ids)).map((job) => job?.state ?? null);
    expect(states).toEqual(["running", "pending", null, "cancelled", "failed", "succeeded", "running"]);
    expect(await storage.states(ids)).toEqual(states);
    expect(await storage.states([])).toEqual([]);
  });

  law("list gives the newest first, and what the whole filter matches", async (storage) => {
    const running = aJob({ task: "x", queue: "a", runAt: now - 1 });
    const jobs = [running, aJob({ task: "x", queue: "b" }), aJob({ task: "y", queue: "a" })];
    await storage.insert(jobs);
    await storage.heartbeat(aWorker());
    await storage.claim("w1", ["a"], 1, now);
    const list = async (filter: Parameters<Storage["list"]>[0]) =>
      idsOf(await storage.list(filter, everything));
    const [a, b, c] = idsOf(jobs);
    expect(await list({})).toEqual([c!, b!, a!]);
    expect(await list({ task: "x" })).toEqual([b!, a!]);
    expect(await list({ queue: "a" })).toEqual([c!, a!]);
    expect(await list({ state: "pending" })).toEqual([c!, b!]);
    expect(await list({ worker: "w1" })).toEqual([a!]);
    expect(await list({ task: "y", queue: "a", state: "pending" })).toEqual([c!]);
    expect(await list({ task: "y", queue: "b" })).toEqual([]);
  });

  law("list pages without gap or repetition while jobs come and go", async (storage) => {
    const jobs = Array.from({ length: 10 }, (_, index) =>
      aJob({ task: index % 2 ? "odd" : "even", keepFor: 1 }),
    );
    await storage.insert(jobs);
    const first = await storage.list({}, { limit: 4 });
    const last = first.at(-1)!;
    await storage.insert([aJob()]);
    await storage.cancel([last.id], why, now);
    await storage.prune(now + 1, 1);
    const second = await storage.list({}, { limit: 4, after: last.id });
    const third = await storage.list({}, { limit: 4, after: second.at(-1)!.id });
    expect(idsOf([...first, ...second, ...third])).toEqual(idsOf(jobs).reverse());
    const odd = await storage.list({ task: "odd" }, { limit: 2, after: jobs[7]!.id });
    expect(idsOf(odd)).toEqual([jobs[5]!.id, jobs[3]!.id]);
  });

  law("counts tells by queue and state, queues by name, empty and paused ones too", async (storage) => {
    await storage.pause("c", true);
    const [a, b, c, d] = await start(
      storage,
      Array.from({ length: 5 }, () => aJob({ queue: "b" })),
    );
    const kept = await start(storage, [aJob({ queue: "a" }), aJob({ queue: "a", keepFor: 1 })]);
    await storage.settle("w1", [...kept.map(succeeded), succeeded(a!), failed(b!), released(c!)], now);
    await storage.prune(now + 1, 1);
    await storage.cancel([c!.id, d!.id], why, now);
    const none = { pending: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, nextRunAt: null };
    expect(await storage.counts()).toStrictEqual([
      { name: "a", paused: false, ...none, succeeded: 1, added: 2 },
      { name: "b", paused: false, ...none, running: 2, succeeded: 1, failed: 1, cancelled: 1, added: 5 },
      { name: "c", paused: true, ...none, added: 0 },
    ]);
    expect(await storage.queues()).toStrictEqual([
      { name: "a", paused: false },
      { name: "b", paused: false },
      { name: "c", paused: true },
    ]);
  });

  law(
    "counts tells how many were ever added: not those that were there, or whose key is held",
    async (storage) => {
      const added = async () => (await storage.counts()).map((queue) => queue.added);
      const first = aJob({ key: "k", keepFor: 0 });
      await storage.insert([first, aJob({ key: "k" }), first, aJob()]);
      await storage.insert([first]);
      expect(await added()).toEqual([2]);
      await claimAgain(storage, [first]);
      await storage.cancel([first.id], why, now);
      await storage.retry([first.id], now);
      expect(await added()).toEqual([2]);
      await storage.insert([aJob({ key: "k2" })]);
      expect(await added()).toEqual([3]);
    },
  );

  law("counts tells the earliest pending time of each queue, paused ones too", async (storage) => {
    const times = { high: now + 3, normal: now + 1, low: now + 2 };
    for (const priority of priorities) await storage.insert([aJob({ priority, runAt: times[priority] })]);
    await storage.pause("default", true);
    const other = aJob({ queue: "other", runAt: now - 5 });
    await storage.insert([other]);
    const nextRunAt = async () => (await storage.counts()).map((queue) => queue.nextRunAt);
    expect(await nextRunAt()).toEqual([now + 1, now - 5]);
    await claimAgain(storage, [other]);
    expect(await nextRunAt()).toEqual([now + 1, null]);
  });
}

function cancelLaws(law: Law) {
  law("ends pending jobs, marks running ones and leaves the rest", async (storage) => {
    const [running, done, error, put] = await start(storage, [aJob(), aJob(), aJob(), aJob()]);
    await storage.settle("w1", [succeeded(done!), failed(error!), released(put!)], now);
    const before = await read(storage, running!, done!, error!);
    const ids = idsOf([running!, done!, error!, put!, { id: "none" }]);
    expect(await storage.cancel(ids, why, now + 5)).toEqual([
      "running",
      "succeeded",
      "failed",
      "pending",
      null,
    ]);
    expect(await storage.cancel(ids, why, now + 6)).toEqual([
      "running",
      "succeeded",
      "failed",
      "cancelled",
      null,
    ]);
    expect(await read(storage, running!, done!, error!)).toStrictEqual([
      { ...running!, reason: why },
      ...before.slice(1),
    ]);
    expect(await storage.list({ state: "running" }, { limit: 9 })).toMatchObject([{ reason: why }]);
    const ended = { state: "cancelled", finishedAt: now + 5, attempt: 0, reason: why } as const;
    expect(await read(storage, put!)).toStrictEqual([{ ...put!, startedAt: now + 1, ...ended }]);
    expect(await storage.claim("w1", ["default"], 9, now)).toEqual([]);
  });
}

function retryLaws(law: Law) {
  law(
    "makes jobs of each final state pending again, the errors kept, the rest of their end undone",
    async (storage) => {
      const jobs = await start(storage, [aJob(), aJob(), aJob()]);
      await storage.settle(
        "w1",
        jobs.map((job) => ({ ...retried(job), crashed: true })),
        now,
      );
      const [a, b, c] = await claimAgain(storage, jobs);
      await storage.settle("w1", [succeeded(a!), failed(b!), cancelled(c!)], now);
      expect(await storage.retry(idsOf(jobs), now + 5)).toEqual([true, true, true]);
      const again = {
        runAt: now + 5,
        attempt: 0,
        claims: 2,
        worker: "w1",
        startedAt: now + 1,
        errors: bytes("errors"),
      };
      expect(await read(storage, ...jobs)).toStrictEqual(jobs.map((job) => ({ ...pending(job), ...again })));
      expect(await storage.claim("w1", ["default"], 9, now + 5)).toHaveLength(3);
    },
  );

  law("leaves jobs that are missing, pending or running", async (storage) => {
    const [running] = await start(storage, [aJob()]);
    const waiting = aJob({ runAt: now + 60 });
    await storage.insert([waiting]);
    expect(await storage.retry([running!.id, "none", waiting.id], now)).toEqual([false, false, false]);
    expect(await read(storage, running!, waiting)).toStrictEqual([running!, pending(waiting)]);
  });

  law("takes the key again, unless another job holds it", async (storage) => {
    const ended = [];
    for (let count = 0; count < 3; count++) {
      const [job] = await start(storage, [aJob({ key: "k" })]);
      await storage.settle("w1", [failed(job!)], now);
      ended.push(job!.id);
    }
    expect(await storage.retry(ended, now)).toEqual([true, false, false]);
    expect(await storage.insert([aJob({ key: "k" })])).toEqual([ended[0]!]);
    expect(await storage.get(ended)).toMatchObject([
      { state: "pending" },
      { state: "failed" },
      { state: "failed" },
    ]);
  });

  law("forgets that somebody wanted the job cancelled", async (storage) => {
    const jobs = await start(storage, [aJob(), aJob()]);
    await storage.cancel(idsOf(jobs), why, now);
    await storage.settle("w1", [succeeded(jobs[0]!), retried(jobs[1]!)], now);
    await storage.retry(idsOf(jobs), now);
    await claimAgain(storage, jobs);
    expect(await storage.heartbeat(aWorker())).toMatchObject({ running: 2, cancel: [] });
  });
}

function checkLaws(law: Law) {
  law("says in words how it is set up", async (storage) => {
    const { durability, warnings } = await storage.check(now);
    expect(durability).toMatch(/\w/);
    for (const warning of warnings) expect(warning).toMatch(/\w/);
  });
}
