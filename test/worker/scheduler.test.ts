import { describe, expect, test } from "bun:test";
import { type Job, Nuvom, openStorage, task } from "../../src/index.ts";
import type { Recurring, ScheduleOptions } from "../../src/when.ts";
import type { WorkerEvent } from "../../src/worker/events.ts";
import { Scheduler } from "../../src/worker/scheduler.ts";
import { VirtualClock } from "../support/clock.ts";

const tick = task("tick", {
  retry: { attempts: 7 },
  timeout: "5s",
  queue: "ticks",
  keep: "1h",
  run: (_: unknown) => {},
});

const second = 1_000;
const minute = 60 * second;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A schedule on a storage in memory, and schedulers on a clock that only the test turns. */
async function plant(when: Recurring & ScheduleOptions, schedulers = 1) {
  const clock = new VirtualClock(0);
  const storage = openStorage("memory:");
  const nuvom = new Nuvom({ storage, clock });
  const events: WorkerEvent[] = [];
  const failures: unknown[] = [];
  const started = Array.from({ length: schedulers }, (_, rank) => {
    const failed = (error: unknown) => void failures.push(error);
    const emit = (event: WorkerEvent) => void events.push(event);
    return new Scheduler({ storage, clock, random: () => 0.5, rank: () => rank, emit, failed });
  });
  const schedule = await nuvom.schedule(tick, undefined, when);
  const wake = () => {
    for (const scheduler of started) scheduler.wake();
  };
  const jobs = async (): Promise<Job[]> => (await storage.list({}, { limit: 1_000 })).reverse();
  return {
    clock,
    storage,
    nuvom,
    schedule,
    events,
    failures,
    wake,
    jobs,
    occurrences: async () => (await jobs()).map(({ scheduledFor }) => scheduledFor),
    /** Lets time go by, with the schedulers awake. */
    async pass(milliseconds: number) {
      wake();
      for (let i = 0; i < 10; i++) await turn();
      await clock.advance(milliseconds);
      for (let i = 0; i < 20; i++) {
        await turn();
        await clock.advance(0);
      }
    },
    /** Has the worker claim everything that is due. */
    async claim() {
      const now = clock.now();
      const record = {
        host: "h",
        pid: 1,
        queues: [],
        project: "p",
        release: "",
        startedAt: 0,
        seenAt: now,
        claimedAt: null,
      };
      await storage.heartbeat({ ...record, id: "w", leaseUntil: now + 1e9 });
      return storage.claim("w", ["ticks"], 100, now);
    },
  };
}

describe("a schedule", () => {
  test("makes a job for each occurrence, when it comes, with the options of its task", async () => {
    const site = await plant({ every: "1m" });
    await site.pass(3 * minute + 30 * second);
    expect(await site.occurrences()).toEqual([minute, 2 * minute, 3 * minute]);
    const [job] = await site.jobs();
    expect(job).toMatchObject({
      task: "tick",
      queue: "ticks",
      runAt: minute,
      createdAt: minute,
      maxAttempts: 7,
      timeout: 5_000,
      keepFor: 3_600_000,
      schedule: site.schedule.id,
      key: null,
    });
    expect(await site.schedule.get()).toMatchObject({ nextRunAt: 4 * minute, definition: { made: 3 } });
    expect(site.events).toContainEqual({
      type: "fired",
      schedule: site.schedule.id,
      occurrence: minute,
      lag: 0,
    });
    expect(site.failures).toEqual([]);
  });

  test("is fired once however many schedulers there are, by the second a moment later if the first is gone", async () => {
    const site = await plant({ every: "1m" }, 4);
    await site.pass(10 * minute);
    expect(await site.occurrences()).toEqual(Array.from({ length: 10 }, (_, index) => (index + 1) * minute));
    const lags = site.events.map((event) => event.type === "fired" && event.lag);
    expect(new Set(lags)).toEqual(new Set([0]));
  });

  test("catches up as it says when nobody was there", async () => {
    const made = async (catchUp: "one" | "all" | "none", late = 0) => {
      const site = await plant({ every: "1m", catchUp });
      await site.clock.advance(10 * minute + late);
      await site.pass(0);
      expect((await site.schedule.get()).nextRunAt).toBe(11 * minute);
      return site.occurrences();
    };
    const all = Array.from({ length: 10 }, (_, index) => (index + 1) * minute);
    expect(await made("one")).toEqual([10 * minute]);
    expect(await made("all")).toEqual(all);
    expect(await made("none", 5 * second)).toEqual([10 * minute]);
    expect(await made("none", 30 * second)).toEqual([]);
  });

  test("makes up for a thousand occurrences a few at a time, and for the latest thousand at most", async () => {
    const site = await plant({ every: "1s", catchUp: "all" });
    const { changeSchedules } = site.storage;
    let most = 0;
    site.storage.changeSchedules = (changes) => {
      most = Math.max(most, ...changes.map(({ jobs }) => jobs.length));
      return changeSchedules(changes);
    };
    await site.clock.advance(1_500 * second);
    await site.pass(0);
    const occurrences = await site.occurrences();
    expect(occurrences).toEqual(Array.from({ length: 1_000 }, (_, index) => (501 + index) * second));
    expect(most).toBe(100);
  });

  test("that overlaps adds a job beside the last, unless it is to skip or to replace that", async () => {
    const states = async (overlap: "allow" | "skip" | "replace") => {
      const site = await plant({ every: "1m", overlap });
      await site.pass(minute);
      await site.claim();
      await site.pass(2 * minute);
      const { cancel } = await site.storage.heartbeat({ ...(await site.storage.workers())[0]!, seenAt: 1 });
      const ids = (await site.jobs()).map(({ id }) => id);
      return {
        states: (await site.jobs()).map(({ state }) => state),
        cancelsFirst: cancel[0]?.id === ids[0],
      };
    };
    expect(await states("allow")).toEqual({ states: ["running", "pending", "pending"], cancelsFirst: false });
    expect(await states("skip")).toEqual({ states: ["running"], cancelsFirst: false });
    expect(await states("replace")).toEqual({
      states: ["running", "cancelled", "pending"],
      cancelsFirst: true,
    });
  });

  test("goes on although the job before never ran, and begins again after a skip", async () => {
    const site = await plant({ every: "1m", overlap: "skip" });
    await site.pass(2 * minute);
    const [job] = await site.claim();
    await site.storage.settle(
      "w",
      [
        {
          id: job!.id,
          queue: job!.queue,
          claims: 1,
          startedAt: 0,
          kind: "succeeded",
          result: new Uint8Array(),
        },
      ],
      0,
    );
    await site.pass(2 * minute);
    expect(await site.occurrences()).toEqual([minute, 3 * minute]);
  });

  test("that replaces, or skips, makes up for what it missed with one job for the latest", async () => {
    for (const overlap of ["replace", "skip"] as const) {
      const site = await plant({ every: "1m", catchUp: "all", limit: 5, overlap });
      await site.clock.advance(10 * minute);
      await site.pass(0);
      expect(await site.occurrences()).toEqual([10 * minute]);
      expect(await site.schedule.get()).toMatchObject({ nextRunAt: 11 * minute, definition: { made: 1 } });
    }
  });

  test("ends after its limit", async () => {
    const site = await plant({ every: "1m", limit: 2 });
    await site.pass(5 * minute);
    expect(await site.occurrences()).toEqual([minute, 2 * minute]);
    expect(await site.schedule.get()).toMatchObject({ nextRunAt: null });
    expect(await site.schedule.next()).toEqual([]);
  });

  test("delays its jobs within the jitter", async () => {
    const site = await plant({ every: "1m", jitter: "10s" });
    await site.pass(minute);
    expect(await site.jobs()).toMatchObject([{ runAt: minute + 5 * second, scheduledFor: minute }]);
  });

  test("is paused and resumed: what came in the meantime is not made up for", async () => {
    const site = await plant({ every: "1m" });
    await site.schedule.pause();
    await site.pass(5 * minute + second);
    expect(await site.occurrences()).toEqual([]);
    await site.schedule.resume();
    await site.pass(minute);
    expect(await site.occurrences()).toEqual([6 * minute]);
  });

  test("runs out of turn and keeps its turn", async () => {
    const site = await plant({ every: "1m" });
    const job = await site.schedule.runNow();
    expect(await job.get()).toMatchObject({ runAt: 0, schedule: site.schedule.id, scheduledFor: null });
    expect(await site.schedule.get()).toMatchObject({ nextRunAt: minute, definition: { made: 0 } });
  });

  test("is removed, and its jobs stay", async () => {
    const site = await plant({ every: "1m" });
    await site.pass(minute);
    expect(await site.schedule.remove()).toBe(true);
    expect(await site.schedule.remove()).toBe(false);
    await site.pass(minute);
    expect(await site.occurrences()).toEqual([minute]);
    await expect(site.schedule.get()).rejects.toThrow(`there is no schedule "${site.schedule.id}"`);
  });

  test("that is asked for again is the same, and keeps its place", async () => {
    const site = await plant({ every: "1m" });
    await site.clock.advance(30 * second);
    const again = await site.nuvom.schedule(tick, undefined, { every: "1m" });
    expect(again.id).toBe(site.schedule.id);
    await site.pass(31 * second);
    expect(await site.occurrences()).toEqual([minute]);
  });

  test("that is given another rule takes it from then on", async () => {
    const site = await plant({ every: "1m", id: "mine" });
    await site.pass(minute);
    await site.schedule.change({ cron: "*/5 * * * *" });
    await site.pass(10 * minute);
    expect(await site.occurrences()).toEqual([minute, 5 * minute, 10 * minute]);
    expect((await site.schedule.get()).definition.made).toBe(3);
  });

  test("is not fired twice for one occurrence by a change from a clock that is behind", async () => {
    const site = await plant({ every: "1m", id: "mine" });
    await site.pass(2 * minute);
    const behind = new Nuvom({ storage: site.storage, clock: new VirtualClock(minute + 30 * second) });
    await behind.schedule(tick, undefined, { cron: "* * * * *", id: "mine" });
    await site.pass(minute);
    expect(await site.occurrences()).toEqual([minute, 2 * minute, 3 * minute]);
  });

  test("that cannot be read does not keep the others from firing", async () => {
    const site = await plant({ every: "1m" });
    const odd = {
      id: "a",
      version: "1",
      queue: "ticks",
      nextRunAt: 1,
      paused: false,
      definition: new Uint8Array([193]),
    };
    await site.storage.changeSchedules([{ id: "a", from: null, to: odd, jobs: [] }]);
    await site.pass(3 * minute);
    expect(await site.occurrences()).toHaveLength(3);
  });
});

test("a scheduler looks at the storage when an occurrence comes, and not in between", async () => {
  const site = await plant({ every: "1h" });
  let looks = 0;
  const { nextSchedules } = site.storage;
  site.storage.nextSchedules = (limit) => {
    looks++;
    return nextSchedules(limit);
  };
  await site.pass(59 * minute);
  expect(looks).toBe(1);
  await site.pass(minute);
  expect(await site.occurrences()).toHaveLength(1);
});
