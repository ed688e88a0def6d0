import { describe, expect, test } from "bun:test";
import {
  type FinalState,
  type Job,
  JobNotFoundError,
  Nuvom,
  openStorage,
  type Storage,
  task,
} from "../../src/index.ts";
import { Retention } from "../../src/worker/retention.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { VirtualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { workbench } from "../support/worker.ts";

const every = 10_000;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A retention on a storage that only writes down what it is asked to delete, and deletes what the test says. */
function recorded(deletes: { prune?: number[]; trim?: number[] } = {}) {
  const calls: unknown[] = [];
  const failures: unknown[] = [];
  const clock = new VirtualClock(0);
  const storage = {
    async prune(now: number, limit: number) {
      calls.push(["prune", now, limit]);
      return deletes.prune?.shift() ?? 0;
    },
    async trim({ queue, task, state }: Parameters<Storage["trim"]>[0], count: number, limit: number) {
      calls.push([queue, task, state, count, limit]);
      return deletes.trim?.shift() ?? 0;
    },
  } as unknown as Storage;
  const retention = new Retention({ storage, clock, every, failed: (error) => failures.push(error) });
  const job = (fields: Partial<Job> = {}) =>
    ({ queue: "q", task: "t", keepFor: 1, keepFailedFor: 1, keepCount: 10, ...fields }) as Job;
  /** What was asked for since the last time. */
  const asked = () => calls.splice(0);
  const settle = (times: number, of = job(), state: FinalState = "succeeded") => {
    for (let i = 0; i < times; i++) retention.settled(of, state);
  };
  return { retention, storage, clock, failures, job, asked, settle };
}

/** Lets the loop do what is due without any time going by. */
async function idle(clock: VirtualClock) {
  for (let i = 0; i < 20; i++) {
    await turn();
    await clock.advance(0);
  }
}

describe("retention", () => {
  test("prunes when it starts and once a turn, and does nothing else while nothing ends", async () => {
    const { retention, clock, asked } = recorded();
    retention.start();
    await idle(clock);
    expect(asked()).toEqual([["prune", 0, 1_000]]);
    await clock.advance(every - 1);
    expect(asked()).toEqual([]);
    await clock.advance(every + 1);
    await idle(clock);
    expect(asked()).toEqual([
      ["prune", every, 1_000],
      ["prune", 2 * every, 1_000],
    ]);
  });

  test("prunes again at once while there is more, one deletion a step", async () => {
    const { retention, clock, asked } = recorded({ prune: [1_000, 1_000, 999] });
    expect(await retention.step()).toBe(clock.now());
    expect(asked()).toHaveLength(1);
    expect(await retention.step()).toBe(clock.now());
    expect(await retention.step()).toBe(every);
    expect(asked()).toHaveLength(2);
  });

  test("trims at its turn every state of the tasks whose jobs ended, once", async () => {
    const { retention, clock, asked, settle, job } = recorded();
    settle(2);
    settle(1, job({ task: "other", queue: "r", keepCount: 3 }), "failed");
    retention.start();
    await idle(clock);
    const trims = (["succeeded", "failed", "cancelled"] as const).flatMap((state) => [
      ["q", "t", state, 10, 1_000],
      ["r", "other", state, 3, 1_000],
    ]);
    const [prune, ...rest] = asked();
    expect(prune).toEqual(["prune", 0, 1_000]);
    expect(rest).toBeArrayOfSize(trims.length);
    expect(rest).toEqual(expect.arrayContaining(trims));
    await clock.advance(every);
    await idle(clock);
    expect(asked()).toEqual([["prune", every, 1_000]]);
  });

  test("trims before its turn when more than a tenth of the count, or more than 100, ended in a state", async () => {
    for (const [keepCount, most] of [
      [10, 100],
      [5_000, 500],
    ] as const) {
      const { retention, clock, asked, settle, job } = recorded();
      retention.start();
      await idle(clock);
      asked();
      settle(most, job({ keepCount }), "failed");
      settle(most, job({ keepCount }), "succeeded");
      await idle(clock);
      expect(asked()).toEqual([]);
      settle(1, job({ keepCount }), "failed");
      await idle(clock);
      expect(asked()).toEqual([["q", "t", "failed", keepCount, 1_000]]);
      settle(most, job({ keepCount }), "failed");
      await idle(clock);
      expect(asked()).toEqual([]);
    }
  });

  test("trims again while there is more, the others in between", async () => {
    const { retention, clock, asked, settle, job } = recorded({ trim: [1_000, 0, 0] });
    retention.start();
    await idle(clock);
    asked();
    settle(101);
    settle(101, job({ task: "other" }));
    await idle(clock);
    expect(asked()).toEqual(["t", "other", "t"].map((task) => ["q", task, "succeeded", 10, 1_000]));
  });

  test("has nothing to trim where all is kept, nothing is, or nothing ended", async () => {
    const { retention, clock, asked, settle, job } = recorded();
    settle(200, job({ keepCount: null }));
    settle(200, job({ keepFor: 0 }), "cancelled");
    settle(200, job({ keepFailedFor: 0 }), "failed");
    retention.settled(job(), "retry");
    retention.settled(job(), "released");
    retention.start();
    await idle(clock);
    expect(asked()).toEqual([["prune", 0, 1_000]]);
  });

  test("tells of an error and repeats what failed", async () => {
    const { retention, storage, clock, asked, settle, failures } = recorded();
    retention.start();
    await idle(clock);
    asked();
    const { trim } = storage;
    storage.trim = async () => {
      storage.trim = trim;
      throw new Error("trouble");
    };
    settle(101);
    await idle(clock);
    expect(failures).toMatchObject([{ message: "trouble" }]);
    expect(asked()).toEqual([]);
    await clock.advance(100);
    expect(asked()).toEqual([["q", "t", "succeeded", 10, 1_000]]);
  });
});

describe("a worker", () => {
  const sum = ({ x, y }: { x: number; y: number }) => x + y;

  test("that drains leaves no more than the count, and nothing of what is not to be kept", async () => {
    const storage = openStorage("memory:", "/");
    const nuvom = new Nuvom({ storage, keep: { count: 5 } });
    const inputs = Array.from({ length: 300 }, (_, x) => ({ x, y: 0 }));
    await nuvom.enqueueMany(tasks.add, inputs);
    const notKept = task("math.add", { keep: 0, run: sum });
    const [first] = await nuvom.enqueueMany(notKept, inputs, { priority: "low" });
    const result = first!.result().catch((error) => error);
    await using bench = await workbench({ storage, drain: true });
    await bench.worker.stopped;
    expect((await storage.counts()).map(({ succeeded }) => succeeded)).toEqual([5]);
    expect(await result).toBeInstanceOf(JobNotFoundError);
    expect(bench.events.filter(({ type }) => type === "succeeded")).toHaveLength(600);
  });

  test("deletes what was kept for its time, and nothing else", async () => {
    await using bench = await workbench({ lease: "1s" });
    const { nuvom } = bench;
    const lasting = await nuvom.enqueue(tasks.add, { x: 1, y: 2 });
    const brief = await nuvom.enqueue(task("math.add", { keep: "1ms", run: sum }), { x: 1, y: 2 });
    await until(async () => (await nuvom.storage.get([brief.id]))[0] === null);
    expect(await lasting.state()).toBe("succeeded");
  });
});
