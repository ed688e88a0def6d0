import { describe, expect } from "bun:test";
import { LeaseLostError } from "../errors.ts";
import type { Job } from "../job.ts";
import type { Outcome } from "../storage/storage.ts";
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
  unreadable,
  why,
} from "./builders.ts";

/** The laws of `settle`, and of the lease that comes before it: `heartbeat` and `recover`. */
export function settleLaws(law: Law): void {
  describe("settle", () => outcomeLaws(law));
  describe("fencing", () => fencingLaws(law));
  describe("heartbeat", () => heartbeatLaws(law));
  describe("recover", () => recoverLaws(law));
}

const end = now + 5;

function outcomeLaws(law: Law) {
  const result = bytes("result");
  const errors = bytes("errors");
  const later = now + 60;
  const cases: [outcome: (job: Job) => Outcome, leaves: Partial<Job>][] = [
    [succeeded, { state: "succeeded", finishedAt: end, result }],
    [failed, { state: "failed", finishedAt: end, errors }],
    [(job) => cancelled(job, errors), { state: "cancelled", finishedAt: end, errors, reason: why }],
    [(job) => retried(job, later), { state: "pending", runAt: later, errors }],
    [(job) => released(job, later), { state: "pending", runAt: later, reason: "no process", attempt: 0 }],
    [(job) => parked(job), { state: "pending", reason: "no process", attempt: 0, parked: "r1" }],
  ];

  law("records what each outcome says, and a crash if there was one", async (storage) => {
    for (const [outcome, leaves] of cases) {
      const jobs = await start(storage, [aJob(), aJob()]);
      const [quiet, crashed] = jobs.map(outcome);
      expect(await storage.settle("w1", [quiet!, { ...crashed!, crashed: true }], end)).toEqual([true, true]);
      const settled = { startedAt: now + 1, ...leaves };
      expect(await read(storage, ...jobs)).toStrictEqual([
        { ...jobs[0]!, ...settled },
        { ...jobs[1]!, ...settled, crashes: 1 },
      ]);
    }
  });

  law("a job that is put back is claimed when it is due", async (storage) => {
    const [a, b] = await start(storage, [aJob(), aJob()]);
    await storage.settle("w1", [retried(a!, later), released(b!, later)], end);
    expect(await storage.claim("w1", ["default"], 9, later - 1)).toEqual([]);
    expect(await storage.claim("w1", ["default"], 9, later)).toMatchObject([
      { id: a!.id, attempt: 2, claims: 2, errors },
      { id: b!.id, attempt: 1, claims: 2, reason: null },
    ]);
  });

  law("an outcome without errors leaves those of earlier attempts", async (storage) => {
    const jobs = await start(storage, [aJob(), aJob(), aJob()]);
    await storage.settle("w1", jobs.map(retried), now);
    const [a, b, c] = await claimAgain(storage, jobs);
    await storage.settle("w1", [succeeded(a!), released(b!), cancelled(c!)], now);
    expect(await read(storage, ...jobs)).toMatchObject([
      { state: "succeeded", errors },
      { state: "pending", errors },
      { state: "cancelled", errors },
    ]);
  });

  law(
    "a job that somebody wants cancelled becomes that where it would have become pending",
    async (storage) => {
      const jobs = await start(storage, [aJob(), aJob(), aJob(), aJob()]);
      await storage.cancel(idsOf(jobs), why, now);
      const [a, b, c, d] = jobs as [Job, Job, Job, Job];
      await storage.settle("w1", [retried(a), released(b), succeeded(c), failed(d)], end);
      const ended = { startedAt: now + 1, finishedAt: end };
      expect(await read(storage, ...jobs)).toStrictEqual([
        { ...a, ...ended, state: "cancelled", errors: bytes("errors"), reason: why },
        { ...b, ...ended, state: "cancelled", attempt: 0, reason: why },
        { ...c, ...ended, state: "succeeded", result: bytes("result") },
        { ...d, ...ended, state: "failed", errors },
      ]);
    },
  );

  law("settles nothing of a batch that it cannot settle as a whole", async (storage) => {
    const jobs = await start(storage, [aJob(), aJob()]);
    const batch = [succeeded(jobs[0]!), unreadable(failed(jobs[1]!), "errors")];
    await expect(storage.settle("w1", batch, now)).rejects.toThrow();
    expect(await read(storage, ...jobs)).toStrictEqual(jobs);
  });
}

function fencingLaws(law: Law) {
  const errors = bytes("errors");

  law(
    "an outcome applies where the job still runs for this claim, whatever the rest of the batch",
    async (storage) => {
      const [a, b] = await start(storage, [aJob(), aJob()]);
      const [other] = await start(storage, [aJob()], "w2");
      const batch = [succeeded(a!), failed(other!), succeeded({ ...b!, id: "none" }), failed(b!)];
      expect(await storage.settle("w1", batch, now)).toEqual([true, false, false, true]);
      expect(await read(storage, a!, other!, b!)).toMatchObject([
        { state: "succeeded" },
        { state: "running" },
        { state: "failed" },
      ]);
    },
  );

  law("an outcome applies once, in one batch and in two", async (storage) => {
    const [job] = await start(storage, [aJob()]);
    expect(await storage.settle("w1", [succeeded(job!), failed(job!)], now)).toEqual([true, false]);
    expect(await storage.settle("w1", [succeeded(job!)], now + 9)).toEqual([false]);
    expect(await read(storage, job!)).toMatchObject([{ state: "succeeded", finishedAt: now, errors: null }]);
  });

  law(
    "the outcome of an older claim is refused, although the same worker holds the same attempt",
    async (storage) => {
      const [older] = await start(storage, [aJob()]);
      await storage.settle("w1", [released(older!)], now);
      const [newer] = await claimAgain(storage, [older!]);
      expect(await storage.settle("w1", [succeeded(older!)], now)).toEqual([false]);
      expect(await read(storage, older!)).toStrictEqual([newer!]);
      expect(await storage.settle("w1", [succeeded(newer!)], now)).toEqual([true]);
    },
  );

  law("what another handle did in between counts", async (storage, open) => {
    const [first] = await start(storage, [aJob()]);
    const other = await open();
    await other.settle("w1", [retried(first!)], now);
    const [second] = await other.claim("w1", ["default"], 1, now);
    expect(await storage.settle("w1", [succeeded(second!)], now)).toEqual([true]);
    expect(await read(storage, first!)).toMatchObject([
      { attempt: 2, claims: 2, state: "succeeded", errors },
    ]);
  });

  law("the outcome of a job that was put back or cancelled since is refused", async (storage) => {
    const jobs = await start(storage, [aJob(), aJob()]);
    await storage.settle("w1", jobs.map(released), now);
    await storage.cancel([jobs[1]!.id], why, now);
    const before = await read(storage, ...jobs);
    expect(await storage.settle("w1", jobs.map(succeeded), now)).toEqual([false, false]);
    expect(await read(storage, ...jobs)).toStrictEqual(before);
  });

  law("an outcome later than the lease applies, but not after recover", async (storage) => {
    const jobs = await start(storage, [aJob(), aJob()]);
    expect(await storage.settle("w1", [succeeded(jobs[0]!)], leaseEnd + 1)).toEqual([true]);
    await storage.recover(leaseEnd + 1);
    expect(await storage.settle("w1", [succeeded(jobs[1]!)], leaseEnd + 1)).toEqual([false]);
  });
}

function heartbeatLaws(law: Law) {
  law("registers a worker, then renews its lease", async (storage) => {
    await storage.heartbeat(aWorker("w2"));
    await storage.heartbeat(aWorker("w1", { queues: ["a", "b"] }));
    const renewed = aWorker("w2", {
      host: "other",
      pid: 2 ** 22,
      startedAt: now - 1,
      queues: ["c"],
      project: "other",
      release: "next",
      seenAt: now + 5,
      claimedAt: now + 4,
      leaseUntil: leaseEnd + 5,
    });
    expect(await storage.heartbeat(renewed)).toMatchObject({ running: 0, cancel: [] });
    expect(await storage.workers()).toStrictEqual([aWorker("w1", { queues: ["a", "b"] }), renewed]);
    expect(await storage.recover(leaseEnd)).toEqual([]);
    expect(await storage.workers()).toStrictEqual([renewed]);
    expect(await storage.heartbeat({ ...renewed, seenAt: now + 9 })).toMatchObject({ registeredAt: now });
  });

  law(
    "tells how many jobs run under the lease, and which of them somebody wants cancelled",
    async (storage) => {
      const jobs = await start(storage, [aJob(), aJob(), aJob()]);
      const others = await start(storage, [aJob()], "w2");
      const [, first, second] = idsOf(jobs) as [string, string, string];
      const told = async () => {
        const { running, cancel } = await storage.heartbeat(aWorker());
        return { running, cancel: cancel.sort((a, b) => (a.id < b.id ? -1 : 1)) };
      };
      await storage.cancel([first, ...idsOf(others)], why, now);
      expect(await told()).toEqual({ running: 3, cancel: [{ id: first, reason: why }] });
      await storage.cancel([first, second], "another reason", now);
      const cancel = [
        { id: first, reason: why },
        { id: second, reason: "another reason" },
      ];
      expect(await told()).toEqual({ running: 3, cancel });
      await storage.settle("w1", jobs.slice(1).map(succeeded), now);
      expect(await storage.heartbeat(aWorker())).toMatchObject({ running: 1, cancel: [] });
    },
  );
}

function recoverLaws(law: Law) {
  law("puts the jobs of ended leases back where they stood, with the crash counted", async (storage) => {
    const [lost] = await start(storage, [aJob({ runAt: now - 9 })]);
    const [held] = await start(storage, [aJob()], "w2");
    await storage.heartbeat(aWorker("w2", { leaseUntil: leaseEnd + 1 }));
    expect(await storage.recover(leaseEnd - 1)).toEqual([]);
    expect(await storage.recover(leaseEnd)).toEqual([lost!.id]);
    const putBack = { ...lost!, state: "pending", attempt: 0, crashes: 1 } as const;
    expect(await read(storage, lost!, held!)).toStrictEqual([putBack, held!]);
    expect(await storage.claim("w2", ["default"], 9, leaseEnd)).toMatchObject([
      { id: lost!.id, attempt: 1, claims: 2, crashes: 1, worker: "w2" },
    ]);
  });

  law("forgets the workers, idle ones too, until they register again", async (storage) => {
    const [job] = await start(storage, [aJob()]);
    await storage.heartbeat(aWorker("idle"));
    await storage.recover(leaseEnd);
    expect(await storage.workers()).toEqual([]);
    await expect(storage.claim("w1", ["default"], 1, now)).rejects.toBeInstanceOf(LeaseLostError);
    const held = await storage.heartbeat(aWorker("w1", { seenAt: leaseEnd }));
    expect(held).toMatchObject({ running: 0, cancel: [], registeredAt: leaseEnd });
    expect(idsOf(await storage.claim("w1", ["default"], 1, now))).toEqual([job!.id]);
  });

  law("cancels the jobs that somebody wants cancelled", async (storage) => {
    const [job] = await start(storage, [aJob()]);
    await storage.cancel([job!.id], why, now);
    expect(await storage.recover(leaseEnd)).toEqual([job!.id]);
    const cancelled = {
      state: "cancelled",
      finishedAt: leaseEnd,
      attempt: 0,
      crashes: 1,
      reason: why,
    } as const;
    expect(await read(storage, job!)).toStrictEqual([{ ...job!, ...cancelled }]);
  });
}
