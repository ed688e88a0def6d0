import { describe, expect } from "bun:test";
import { LeaseLostError } from "../errors.ts";
import type { Job } from "../job.ts";
import { claimBytes } from "../storage/storage.ts";
import {
  aJob,
  aWorker,
  bytes,
  cancelled,
  claimAgain,
  failed,
  idsOf,
  type Law,
  leaseEnd,
  now,
  parked,
  read,
  released,
  retried,
  start,
  succeeded,
  why,
} from "./builders.ts";

/** The laws of what running jobs say, and of jobs that wait for another worker. */
export function noteAndParkLaws(law: Law): void {
  describe("note", () => noteLaws(law));
  describe("parked jobs", () => parkLaws(law));
}

const note = ({ id, claims }: Job, text: string) => ({ id, claims, notes: bytes(text) });

function noteLaws(law: Law) {
  law("is kept with the job and replaces the one before", async (storage) => {
    const [a, b] = await start(storage, [aJob(), aJob()]);
    await storage.note("w1", [note(a!, "first"), note(b!, "other")]);
    await storage.note("w1", [note(a!, "second")]);
    expect(await read(storage, a!, b!)).toStrictEqual([
      { ...a!, notes: bytes("second") },
      { ...b!, notes: bytes("other") },
    ]);
  });

  law("is there in every state, next to errors and result, and when the job runs again", async (storage) => {
    const jobs = await start(storage, [aJob(), aJob(), aJob(), aJob()]);
    await storage.note(
      "w1",
      jobs.map((job) => note(job, "said")),
    );
    const [a, b, c, d] = jobs as [Job, Job, Job, Job];
    await storage.settle("w1", [succeeded(a), retried(b), released(c), failed(d)], now);
    const errors = bytes("errors");
    expect(await read(storage, ...jobs)).toMatchObject([
      { notes: bytes("said"), result: bytes("result") },
      { notes: bytes("said"), errors },
      { notes: bytes("said"), errors: null },
      { notes: bytes("said"), errors },
    ]);
    await storage.retry([a.id, d.id], now);
    expect(await claimAgain(storage, jobs)).toMatchObject(
      [a, b, c, d].map(({ id }) => ({ id, notes: bytes("said") })),
    );
    await storage.recover(leaseEnd);
    expect(await read(storage, b)).toMatchObject([{ state: "pending", notes: bytes("said"), errors }]);
  });

  law("an outcome brings the last one", async (storage) => {
    const kinds = [succeeded, retried, failed, cancelled, released];
    const jobs = await start(
      storage,
      kinds.map(() => aJob()),
    );
    await storage.note("w1", [note(jobs[0]!, "first")]);
    const outcomes = kinds.map((outcome, index) => ({ ...outcome(jobs[index]!), notes: bytes("last") }));
    await storage.settle("w1", outcomes, now);
    const [result, errors] = [bytes("result"), bytes("errors")];
    const others = [{ result }, { errors }, { errors }, { errors: null }, { errors: null }];
    expect(await read(storage, ...jobs)).toMatchObject(
      others.map((left) => ({ ...left, notes: bytes("last") })),
    );
  });

  law("of another worker, an older claim, an ended or an unknown job is passed over", async (storage) => {
    const jobs = await start(storage, [aJob(), aJob(), aJob()]);
    const [a, b, c] = jobs as [Job, Job, Job];
    await storage.settle("w1", [released(b), succeeded(c)], now);
    await claimAgain(storage, [b]);
    const before = await read(storage, ...jobs);
    await storage.note("w2", [note(a, "late")]);
    await storage.note(
      "w1",
      [b, c, { ...a, id: "none" }].map((job) => note(job, "late")),
    );
    expect(await read(storage, ...jobs)).toStrictEqual(before);
  });
}

function parkLaws(law: Law) {
  law("are pending and counted, but neither claimed nor waited for", async (storage) => {
    const [job] = await start(storage, [aJob()]);
    await storage.settle("w1", [parked(job!)], now);
    expect(await storage.claim("w1", ["default"], 9, now + 9)).toEqual([]);
    expect(await storage.nextRunAt(["default"])).toBeNull();
    expect(await storage.list({ state: "pending" }, { limit: 9 })).toMatchObject([{ parked: "r1" }]);
    expect(await storage.counts()).toMatchObject([{ pending: 1, running: 0, nextRunAt: null }]);
  });

  law("are taken by workers of other sources that have their task", async (storage) => {
    const jobs = [aJob({ task: "a" }), aJob({ task: "a" }), aJob({ task: "a:b" }), aJob({ task: "b" })];
    const [first, last, other, second] = (await start(storage, jobs)) as [Job, Job, Job, Job];
    const batch = [parked(first, "r1"), parked(last, "r2"), parked(other, "r3"), parked(second, "r1")];
    await storage.settle("w1", batch, now);
    const take = (sources: string, limit = 9) => {
      return storage.claimParked("w1", { queues: ["default"], tasks: ["a", "b"], sources }, limit, now + 2);
    };
    expect(await take("r1")).toStrictEqual([
      { ...last, attempt: 1, claims: 2, startedAt: now + 2, reason: null, parked: null },
    ]);
    expect(await take("r2", 0)).toEqual([]);
    expect(await take("r2", 1)).toHaveLength(1);
    expect(await take("r2")).toHaveLength(1);
    expect(await take("r4")).toEqual([]);
    expect(await storage.list({ state: "pending" }, { limit: 9 })).toMatchObject([
      { id: other.id, parked: "r3" },
    ]);
    expect(await storage.heartbeat(aWorker())).toMatchObject({ running: 3 });
  });

  law("are taken from the queues that are asked for and not paused, under a lease", async (storage) => {
    const jobs = await start(storage, [aJob({ queue: "a" }), aJob({ queue: "b" }), aJob({ queue: "c" })]);
    const batch = jobs.map((job) => parked(job));
    await storage.settle("w1", batch, now);
    await storage.pause("b", true);
    const wanted = { queues: ["a", "b"], tasks: ["test.task"], sources: "r2" };
    const taken = await storage.claimParked("w1", wanted, 9, now);
    expect(idsOf(taken)).toEqual([jobs[0]!.id]);
    await expect(storage.claimParked("w1", wanted, 9, leaseEnd)).rejects.toBeInstanceOf(LeaseLostError);
  });

  law("are taken a few at a time where they are large", async (storage) => {
    const input = new Uint8Array(claimBytes * 0.6);
    const [first] = await start(storage, [aJob({ input })]);
    const [second] = await start(storage, [aJob({ input })]);
    await storage.settle("w1", [parked(first!), parked(second!)], now);
    const wanted = { queues: ["default"], tasks: ["test.task"], sources: "r2" };
    for (let left = 2; left > 0; left--) {
      expect(await storage.claimParked("w1", wanted, 9, now)).toHaveLength(1);
    }
  });

  law(
    "are back in their place of the line when their worker has died, or puts them back",
    async (storage) => {
      const jobs = await start(storage, [aJob(), aJob()]);
      await storage.settle(
        "w1",
        jobs.map((job) => parked(job)),
        now,
      );
      const wanted = { queues: ["default"], tasks: ["test.task"], sources: "r2" };
      const [first] = await storage.claimParked("w1", wanted, 9, now);
      await storage.settle("w1", [released(first!)], now);
      await storage.recover(leaseEnd);
      await storage.heartbeat(aWorker("w2", { leaseUntil: leaseEnd + 9 }));
      const again = await storage.claim("w2", ["default"], 9, leaseEnd);
      expect(again).toMatchObject([{ parked: null }, { parked: null }]);
    },
  );

  law("can be cancelled, and are no longer parked when they are retried", async (storage) => {
    const [a, b] = (await start(storage, [aJob(), aJob()])) as [Job, Job];
    await storage.cancel([b.id], why, now);
    await storage.settle("w1", [parked(a), parked(b)], now);
    expect(await storage.cancel([a.id, b.id], why, now)).toEqual(["pending", "cancelled"]);
    expect(await read(storage, a, b)).toMatchObject([
      { state: "cancelled", parked: null, reason: why },
      { state: "cancelled", parked: null, reason: why },
    ]);
    const wanted = { queues: ["default"], tasks: ["test.task"], sources: "r2" };
    expect(await storage.claimParked("w1", wanted, 9, now)).toEqual([]);
    await storage.retry([a.id, b.id], now);
    expect(await storage.claim("w1", ["default"], 9, now)).toHaveLength(2);
  });

  law("hold their key", async (storage) => {
    const [holder] = await start(storage, [aJob({ key: "k" })]);
    await storage.settle("w1", [parked(holder!)], now);
    expect(await storage.insert([aJob({ key: "k" })])).toEqual([holder!.id]);
  });
}
