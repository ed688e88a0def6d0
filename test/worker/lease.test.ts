import { expect, test } from "bun:test";
import { Nuvom, openStorage, type Storage, type WorkerRecord } from "../../src/index.ts";
import { Lease } from "../../src/worker/lease.ts";
import type { ToProcess } from "../../src/worker/protocol.ts";
import { Worker } from "../../src/worker/worker.ts";
import { add } from "../fixtures/tasks/basic.ts";
import { VirtualClock } from "../support/clock.ts";

const length = 10_000;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The lease of a worker whose storage answers what the test says. */
function lease(
  answers: Partial<Pick<Storage, "heartbeat" | "recover" | "workers">> = {},
  clock = new VirtualClock(),
) {
  const lost: number[] = [];
  const failures: unknown[] = [];
  const storage = {
    heartbeat: async () => ({ running: 0, cancel: [], registeredAt: 1 }),
    recover: async () => [],
    workers: async () => [],
    ...answers,
  } as unknown as Storage;
  const kept = new Lease({
    storage,
    clock,
    worker: "w",
    length,
    record: (seenAt, leaseUntil) => ({ id: "w", seenAt, leaseUntil }) as never,
    renewed: () => {},
    lost: () => lost.push(clock.now()),
    emit: () => {},
    failed: (error) => failures.push(error),
  });
  kept.start();
  return { clock, lost, failures, kept, [Symbol.dispose]: () => kept.stop() };
}

test("a lease that is renewed lasts", async () => {
  using own = lease();
  await turn();
  for (let i = 0; i < 10; i++) await own.clock.advance(length / 3);
  expect(own.kept.isHeld).toBe(true);
  expect(own.lost).toEqual([]);
});

test("a lease ends on time, by its worker's own clock, if it cannot be renewed", async () => {
  let works = true;
  using own = lease({
    async heartbeat() {
      if (!works) throw new Error("the storage is away");
      return { running: 0, cancel: [], registeredAt: 1 };
    },
  });
  await turn();
  const since = own.clock.now();
  works = false;
  await own.clock.advance(length - 1);
  expect(own.kept.isHeld).toBe(true);
  expect(own.failures.length).toBeGreaterThan(0);
  await own.clock.advance(1);
  expect(own.kept.isHeld).toBe(false);
  expect(own.lost).toEqual([since + length]);
});

test("who had to wait for the storage as it came takes over nothing until the others could be heard for a lease", async () => {
  const clock = new VirtualClock();
  const recoveries: number[] = [];
  let answer = () => {};
  using own = lease(
    {
      async heartbeat() {
        if (recoveries.length === 0) await new Promise<void>((resolve) => (answer = resolve));
        return { running: 0, cancel: [], registeredAt: 1 };
      },
      async recover(now) {
        recoveries.push(now);
        return [];
      },
    },
    clock,
  );
  await turn();
  clock.skip(length / 2);
  const back = clock.now();
  while (recoveries.length === 0) {
    answer();
    await clock.advance(100);
  }
  expect(recoveries[0]! - back).toBeWithin(length, length * 1.4);
  expect(own.failures).toEqual([]);
});

test("what a worker that has died had is taken over as soon as its lease ends", async () => {
  const clock = new VirtualClock();
  const recoveries: number[] = [];
  const end = clock.now() + length * 0.8;
  using own = lease(
    {
      workers: async () => [{ id: "v", leaseUntil: end } as WorkerRecord],
      async recover(now) {
        recoveries.push(now);
        return [];
      },
    },
    clock,
  );
  await turn();
  while (clock.now() < end) await clock.advance(length / 100);
  expect(recoveries.at(-1)).toBe(end);
  await clock.advance(length / 3);
  expect(own.failures).toEqual([]);
  expect(recoveries).toHaveLength(5);
});

test("a lease is lost, though its own clock says otherwise, if the storage has registered the worker anew", async () => {
  const registered = [1, 1, 2, 2];
  using own = lease({
    heartbeat: async () => ({ running: 0, cancel: [], registeredAt: registered.shift() ?? 2 }),
  });
  await turn();
  await own.clock.advance(length / 3);
  expect(own.lost).toEqual([]);
  await own.clock.advance(length / 3);
  expect(own.lost).toHaveLength(1);
  await own.clock.advance(length / 3);
  expect(own.lost).toHaveLength(1);
});

/** Of a worker with one process and no schedules. */
const settings = {
  ...{ root: "/", environment: {}, config: null, sources: "s", project: "p", queues: null, drain: false },
  ...{ size: 1, concurrency: 1, sizeLimit: 1_000, killGrace: 10, importLimit: 10, maxMemory: null },
  recycle: { jobs: null, age: null, memory: null },
  isolation: new Map(),
  describe: async () => ({ tasks: [], failed: [], isComplete: true }),
  random: () => 0.5,
  emit: () => {},
};

test("what a claim brings after the lease has ended is put back, and not run", async () => {
  const clock = new VirtualClock();
  const storage = openStorage("memory:");
  const nuvom = new Nuvom({ storage, clock });
  const job = await nuvom.enqueue(add, { x: 1, y: 1 });
  const done: unknown[] = [];
  const worker = new Worker({
    storage: {
      ...storage,
      async claim(...asked) {
        const jobs = await storage.claim(...asked);
        if (jobs.length > 0 && done.length === 0) clock.skip(length);
        return jobs;
      },
      async settle(worker, outcomes, now) {
        done.push(...outcomes);
        return storage.settle(worker, outcomes, now);
      },
    },
    spawn({ received }) {
      queueMicrotask(() => received({ type: "ready" }));
      const send = (message: ToProcess) => message.type === "run" && done.push("run");
      return { pid: 1, send, catchUp: () => true, kill() {} };
    },
    ...settings,
    lease: length,
    files: new Map([[add.name, "file"]]),
    clock,
  });
  await worker.start();
  while (!done.includes("run")) await clock.advance(10);
  const reason = "its worker's lease ended before it began";
  expect(done).toMatchObject([{ id: job.id, claims: 1, kind: "released", reason }, "run"]);
});

test("a worker with nothing to do asks for jobs several times a minute, however long its lease is", async () => {
  const clock = new VirtualClock();
  const worker = new Worker({
    storage: openStorage("memory:"),
    spawn({ received }) {
      queueMicrotask(() => received({ type: "ready" }));
      return { pid: 1, send() {}, catchUp: () => true, kill() {} };
    },
    ...settings,
    lease: 3_600_000,
    files: new Map(),
    clock,
  });
  await worker.start();
  for (let minute = 0; minute < 5; minute++) {
    for (let second = 0; second < 60; second++) {
      await clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(clock.now() - worker.status.claimedAt!).toBeLessThan(30_000);
  }
});
