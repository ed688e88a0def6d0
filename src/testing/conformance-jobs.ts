import { describe, expect } from "bun:test";
import { LeaseLostError } from "../errors.ts";
import type { Job } from "../job.ts";
import { claimBytes, type Storage } from "../storage/storage.ts";
import {
  aJob,
  anUnreadableJob,
  aWorker,
  claimAgain,
  failed,
  idsOf,
  type Law,
  leaseEnd,
  now,
  pending,
  read,
  released,
  start,
  succeeded,
  unusual,
  why,
} from "./builders.ts";

/** The laws of `insert`, of keys and of `claim`. */
export function jobLaws(law: Law): void {
  describe("insert", () => insertLaws(law));
  describe("key", () => keyLaws(law));
  describe("claim", () => claimLaws(law));
}

function insertLaws(law: Law) {
  law("adds jobs as pending, with nothing counted", async (storage) => {
    const jobs = [aJob(), aJob(unusual)];
    expect(await storage.insert(jobs)).toEqual(idsOf(jobs));
    expect(await read(storage, ...jobs)).toStrictEqual(jobs.map(pending));
  });

  law("adds nothing of a batch that it cannot add as a whole", async (storage) => {
    const good = aJob({ key: "k" });
    await expect(storage.insert([good, anUnreadableJob()])).rejects.toThrow();
    const other = aJob({ key: "k" });
    expect(await storage.insert([other])).toEqual([other.id]);
    expect(await read(storage, good)).toEqual([null]);
  });

  law("adds the jobs of other calls although one call at the same time fails", async (storage) => {
    const jobs = [aJob(), aJob()];
    const calls = [[jobs[0]!], [anUnreadableJob()], [jobs[1]!]].map((batch) => storage.insert(batch));
    const results = await Promise.allSettled(calls);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await read(storage, ...jobs)).toStrictEqual(jobs.map(pending));
  });

  law("adds an id once, and keeps the job that has it", async (storage) => {
    const [job] = await start(storage, [aJob()]);
    const again = aJob({ id: job!.id, task: "other" });
    expect(await storage.insert([again, again])).toEqual([job!.id, job!.id]);
    expect(await read(storage, job!)).toStrictEqual([job!]);
  });

  law("keeps what it was given, whatever becomes of the object", async (storage) => {
    const job = aJob();
    await storage.insert([job]);
    const expected = pending({ ...job });
    job.task = "changed";
    const [stored] = await read(storage, job);
    stored!.state = "failed";
    expect(await read(storage, job)).toStrictEqual([expected]);
  });
}

function keyLaws(law: Law) {
  const keyed = () => aJob({ key: "k", keepFor: 1, keepFailedFor: 1 });

  law("a pending or running job holds its key: another is answered with its id", async (storage) => {
    const [holder, second] = [keyed(), keyed()];
    expect(await storage.insert([holder, second])).toEqual([holder.id, holder.id]);
    await claimAgain(storage, [holder]);
    expect(await storage.insert([keyed(), second])).toEqual([holder.id, holder.id]);
    expect(await storage.list({}, { limit: 9 })).toHaveLength(1);
  });

  law("a job that is put back holds its key", async (storage) => {
    const [holder] = await start(storage, [keyed()]);
    await storage.settle("w1", [released(holder!)], now);
    expect(await storage.insert([keyed()])).toEqual([holder!.id]);
    await claimAgain(storage, [holder!]);
    await storage.recover(leaseEnd);
    expect(await storage.insert([keyed()])).toEqual([holder!.id]);
  });

  const ends: Record<string, (storage: Storage, job: Job) => Promise<unknown>> = {
    succeeded: (storage, job) => storage.settle("w1", [succeeded(job)], now),
    failed: (storage, job) => storage.settle("w1", [failed(job)], now),
    cancelled: async (storage, job) => {
      await storage.settle("w1", [released(job)], now);
      await storage.cancel([job.id], why, now);
    },
  };
  for (const [state, end] of Object.entries(ends)) {
    law(`a key is free when its job ended ${state}, and stays with the next holder`, async (storage) => {
      const [former] = await start(storage, [keyed()]);
      await end(storage, former!);
      const holder = keyed();
      expect(await storage.insert([holder])).toEqual([holder.id]);
      expect(await storage.insert([former!])).toEqual([former!.id]);
      await storage.cancel([former!.id], why, now);
      await storage.prune(now + 1, 9);
      expect(await storage.insert([keyed()])).toEqual([holder.id]);
    });
  }

  law("a key belongs to one queue, whatever characters the two have", async (storage) => {
    const jobs = [
      aJob({ queue: "a", key: "b:c" }),
      aJob({ queue: "a:b", key: "c" }),
      aJob({ queue: "a", key: "c" }),
      aJob({ queue: "{a}", key: "" }),
      aJob({ queue: "a", key: "" }),
    ];
    expect(await storage.insert(jobs)).toEqual(idsOf(jobs));
    expect(await storage.insert([aJob({ queue: "a", key: "" })])).toEqual([jobs[4]!.id]);
  });
}

function claimLaws(law: Law) {
  const claim = (storage: Storage, limit = 100, queues = ["default"], at = now) =>
    storage.claim("w1", queues, limit, at);

  law("takes due jobs by priority, then runAt, then id", async (storage) => {
    const order = [
      aJob({ priority: "high", runAt: now - 1 }),
      aJob({ priority: "high" }),
      aJob({ runAt: 0 }),
      aJob({ runAt: 9 }),
      aJob({ runAt: 10 }),
      aJob({ runAt: now - 1 }),
      aJob(),
      aJob(),
      aJob({ priority: "low", runAt: 5 }),
    ];
    const claimed = await start(storage, order.toReversed());
    expect(idsOf(claimed)).toEqual(idsOf(order));
  });

  law(
    "stops before the inputs that it takes are too large together, but takes at least one",
    async (storage) => {
      await storage.heartbeat(aWorker());
      const half = new Uint8Array(claimBytes / 2);
      const jobs = [half, half, new Uint8Array(claimBytes + 1), half].map((input) => aJob({ input }));
      await storage.insert(jobs);
      const shares = [[0, 1], [2], [3]];
      for (const share of shares) {
        const claimed = await storage.claim("w1", ["default"], 9, now);
        expect(idsOf(claimed)).toEqual(share.map((index) => jobs[index]!.id));
      }
    },
  );

  law("takes at most the limit, queue by queue in the order given, and nothing twice", async (storage) => {
    const a = [aJob({ queue: "a", priority: "high" }), aJob({ queue: "a" })];
    const b = [aJob({ queue: "b", priority: "low" }), aJob({ queue: "b", priority: "low" })];
    await storage.insert([...a, ...b, aJob({ queue: "c" })]);
    await storage.heartbeat(aWorker());
    expect(await claim(storage, 0, ["b", "a"])).toEqual([]);
    expect(idsOf(await claim(storage, 3, ["b", "a", "none"]))).toEqual(idsOf([...b, a[0]!]));
    expect(idsOf(await claim(storage, 3, ["b", "a", "none"]))).toEqual([a[1]!.id]);
    expect(await claim(storage, 3, ["b", "a"])).toEqual([]);
  });

  law("leaves jobs that are not due, which hold up no other", async (storage) => {
    const [future, due] = [aJob({ priority: "high", runAt: now + 1 }), aJob({ priority: "low" })];
    expect(idsOf(await start(storage, [future, due]))).toEqual([due.id]);
    expect(idsOf(await claim(storage, 9, ["default"], now + 1))).toEqual([future.id]);
  });

  law("leaves the jobs of a paused queue until it is resumed", async (storage) => {
    const job = aJob();
    await storage.pause("default", true);
    expect(await start(storage, [job])).toEqual([]);
    await storage.pause("default", false);
    expect(idsOf(await claim(storage))).toEqual([job.id]);
  });

  law("counts the attempt and the claim, and notes worker and time", async (storage) => {
    const job = aJob();
    const running = { state: "running", worker: "w1", startedAt: now, attempt: 1, claims: 1 } as const;
    expect(await start(storage, [job])).toStrictEqual([{ ...pending(job), ...running }]);
    expect(await read(storage, job)).toStrictEqual([{ ...pending(job), ...running }]);
  });

  law("counts every claim, an attempt given back once, and forgets the reason", async (storage) => {
    const [job] = await start(storage, [aJob()]);
    await storage.settle("w1", [released(job!)], now);
    const again = { ...job!, worker: "w2", attempt: 1, claims: 2, reason: null };
    expect(await claimAgain(storage, [job!], "w2")).toStrictEqual([again]);
  });

  law("refuses a worker whose lease does not last beyond now", async (storage) => {
    const job = aJob();
    await storage.insert([job]);
    await expect(claim(storage)).rejects.toBeInstanceOf(LeaseLostError);
    await storage.heartbeat(aWorker("w1", { leaseUntil: now }));
    await expect(claim(storage)).rejects.toBeInstanceOf(LeaseLostError);
    await expect(claim(storage, 1, ["empty"])).rejects.toBeInstanceOf(LeaseLostError);
    expect(await read(storage, job)).toStrictEqual([pending(job)]);
    await storage.heartbeat(aWorker("w1", { leaseUntil: now + 1 }));
    expect(await claim(storage)).toHaveLength(1);
  });

  law("gives each job to one of the workers that claim at the same time", async (storage, open) => {
    const jobs = Array.from({ length: 500 }, () => aJob());
    await storage.insert(jobs);
    const drain = async (handle: Storage, worker: string) => {
      await handle.heartbeat(aWorker(worker));
      const taken: Job[] = [];
      for (let more = true; more; ) {
        const claimed = await handle.claim(worker, ["default"], 7, now);
        taken.push(...claimed);
        more = claimed.length > 0;
      }
      return taken;
    };
    const other = await open();
    const taken = await Promise.all([
      drain(storage, "w1"),
      drain(other, "w2"),
      drain(storage, "w3"),
      drain(other, "w4"),
    ]);
    expect(idsOf(taken.flat()).sort()).toEqual(idsOf(jobs));
  });
}
