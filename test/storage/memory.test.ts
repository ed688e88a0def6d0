import { expect, test } from "bun:test";
import fc from "fast-check";
import { finalStates, type Job, jobStates, type NewJob, priorities } from "../../src/job.ts";
import { openMemory } from "../../src/storage/memory.ts";
import type { Outcome, Storage } from "../../src/storage/storage.ts";
import { testStorage } from "../../src/testing/index.ts";

testStorage("memory", () => {
  const name = crypto.randomUUID();
  return { open: () => openMemory(name) };
});

const queues = ["a", "b"];
const worker = {
  id: "w",
  host: "h",
  pid: 1,
  queues,
  project: "p",
  release: "",
  startedAt: 0,
  seenAt: 0,
  claimedAt: null,
  leaseUntil: 100,
};
const jobFields = fc.record({
  id: fc.uuid({ version: 7 }),
  queue: fc.constantFrom(...queues),
  priority: fc.constantFrom(...priorities),
  runAt: fc.nat(9),
  key: fc.constantFrom(null, "x", "y"),
  keepFor: fc.constantFrom(null, 0, 1),
  keepFailedFor: fc.constantFrom(null, 0, 1),
});
type JobFields = typeof jobFields extends fc.Arbitrary<infer Fields> ? Fields : never;

function aJob(fields: JobFields): NewJob {
  const rest = {
    task: "t",
    input: new Uint8Array(),
    maxAttempts: 1,
    timeout: null,
    createdAt: 0,
    schedule: null,
    scheduledFor: null,
    traceparent: null,
    keepCount: null,
  };
  return { ...rest, ...fields };
}

test("data is the handle's own without a name", async () => {
  const [one, other] = [openMemory(), openMemory()];
  await one.pause("a", true);
  expect(await one.queues()).toHaveLength(1);
  expect(await other.queues()).toEqual([]);
});

type Step = (storage: Storage, jobs: Job[]) => Promise<unknown>;

/** Does something with one of the jobs there are, if there are any. */
function withOne(act: (storage: Storage, job: Job) => Promise<unknown>): fc.Arbitrary<Step> {
  return fc.nat().map((pick) => async (storage, jobs) => {
    if (jobs.length > 0) await act(storage, jobs[pick % jobs.length]!);
  });
}

const outcomes = ["succeeded", "retry", "failed", "cancelled", "released"] as const;
const bytes = new Uint8Array();

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.array(jobFields).map(
    (batch): Step =>
      (storage) =>
        storage.insert(batch.map(aJob)),
  ),
  fc.tuple(fc.nat(4), fc.nat(9)).map(
    ([limit, now]): Step =>
      (storage) =>
        storage.claim("w", queues, limit, now),
  ),
  fc.constantFrom(...outcomes).chain((kind) =>
    withOne((storage, { id, queue, claims }) => {
      const outcome = {
        id,
        queue,
        claims,
        startedAt: 0,
        runAt: claims,
        result: bytes,
        errors: bytes,
        reason: null,
      };
      return storage.settle("w", [{ ...outcome, kind } as Outcome], 9);
    }),
  ),
  withOne((storage, job) => storage.cancel([job.id], "why", 9)),
  withOne((storage, job) => storage.retry([job.id], 9)),
  fc.boolean().map(
    (paused): Step =>
      (storage) =>
        storage.pause("a", paused),
  ),
  fc.constant<Step>(async (storage) => {
    await storage.recover(worker.leaseUntil);
    await storage.heartbeat(worker);
  }),
  fc.nat(2).map(
    (limit): Step =>
      (storage) =>
        storage.prune(10, limit),
  ),
  fc.tuple(fc.constantFrom(...finalStates), fc.nat(2)).map(
    ([state, count]): Step =>
      (storage) =>
        storage.trim({ queue: "a", task: "t", state }, count, 2),
  ),
);

test("keys, counts, leases and lines agree with the jobs, whatever happened to them", async () => {
  const law = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const storage = openMemory();
    await storage.heartbeat(worker);
    const list = () => storage.list({}, { limit: 1000 });
    for (const act of steps) await act(storage, await list());
    for (const queue of queues) await storage.pause(queue, false);

    const jobs = await list();
    const active = jobs.filter(({ state }) => state === "pending" || state === "running");
    const held = active.filter(({ key }) => key !== null).map(({ queue, key }) => queue + key);
    expect(new Set(held).size).toBe(held.length);

    const count = (queue: string, state: string) =>
      jobs.filter((job) => job.queue === queue && job.state === state).length;
    for (const counts of await storage.counts()) {
      for (const state of jobStates) expect(counts[state]).toBe(count(counts.name, state));
    }
    const running = jobs.filter(({ state }) => state === "running").length;
    expect((await storage.heartbeat(worker)).running).toBe(running);

    const rank = (job: Job) => [queues.indexOf(job.queue), priorities.indexOf(job.priority), job.runAt];
    const pending = jobs
      .filter(({ state }) => state === "pending")
      .sort((one, other) => {
        const difference = rank(one).map((value, index) => value - rank(other)[index]!);
        return difference.find((value) => value !== 0) ?? (one.id < other.id ? -1 : 1);
      });
    const earliest = pending.length === 0 ? null : Math.min(...pending.map(({ runAt }) => runAt));
    expect(await storage.nextRunAt(queues)).toBe(earliest);
    const claimed = await storage.claim("w", queues, 1000, 99);
    expect(claimed.map(({ id }) => id)).toEqual(pending.map(({ id }) => id));
  });
  await fc.assert(law, { numRuns: 200 });
});
