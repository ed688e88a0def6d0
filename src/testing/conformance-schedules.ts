import { describe, expect } from "bun:test";
import type { Job, NewJob } from "../job.ts";
import type { Storage } from "../storage/storage.ts";
import {
  aJob,
  anUnreadableJob,
  aSchedule,
  aWorker,
  bytes,
  failed,
  idsOf,
  type Law,
  leaseEnd,
  now,
  pending,
  put,
  read,
  released,
  remove,
  retried,
  start,
  unusual,
  why,
} from "./builders.ts";

/** The laws of schedules and of waking. */
export function scheduleAndWakeLaws(law: Law): void {
  describe("schedules", () => scheduleLaws(law));
  describe("waking", () => wakeLaws(law));
}

function scheduleLaws(law: Law) {
  describe("change", () => changeLaws(law));
  describe("fire", () => fireLaws(law));

  law("are listed by id: all, or those of the ids asked for that there are", async (storage) => {
    const [a, b, c] = ["a", "b", "c"].map((id) => aSchedule({ id }));
    await storage.changeSchedules([put(c!), put(a!), put(b!)]);
    expect(await storage.schedules()).toStrictEqual([a!, b!, c!]);
    expect(await storage.schedules(["c", "none", "a", "c"])).toStrictEqual([a!, c!]);
    expect(await storage.schedules([])).toEqual([]);
  });

  law("come next by the time of their occurrence, then by id", async (storage) => {
    const order = [
      aSchedule({ id: "z", nextRunAt: 9 }),
      aSchedule({ id: "y", nextRunAt: 10 }),
      aSchedule({ id: "b" }),
      aSchedule({ id: "c" }),
      aSchedule({ id: "a", nextRunAt: now + 1 }),
    ];
    await storage.changeSchedules(order.toReversed().map((schedule) => put(schedule)));
    expect(await storage.nextSchedules(9)).toStrictEqual(order);
    expect(await storage.nextSchedules(3)).toStrictEqual(order.slice(0, 3));
    expect(await storage.nextSchedules(0)).toEqual([]);
  });

  law("come next unless they are paused or have no occurrence left", async (storage) => {
    const will = aSchedule({ nextRunAt: now + 1 });
    const wills = { paused: aSchedule({ paused: true }), ended: aSchedule({ nextRunAt: null }) };
    const next = () => storage.nextSchedules(9);
    await storage.changeSchedules([put(will)]);
    for (const [version, schedule] of Object.entries(wills)) {
      await storage.changeSchedules([put({ ...schedule, version }, "v1")]);
      expect(await next()).toEqual([]);
      await storage.changeSchedules([put(will, version)]);
      expect(await next()).toStrictEqual([will]);
    }
    await storage.changeSchedules([remove("s1", "v1")]);
    expect(await next()).toEqual([]);
  });

  law("make their queue known", async (storage) => {
    await storage.changeSchedules([put(aSchedule({ queue: "a" })), put(aSchedule({ queue: "refused" }))]);
    expect(await storage.queues()).toEqual([{ name: "a", paused: false }]);
  });
}

function changeLaws(law: Law) {
  const other = aSchedule({
    version: "v2",
    queue: "b",
    nextRunAt: null,
    paused: true,
    definition: bytes("b"),
  });

  law("adds where there is no schedule of the id, and only there", async (storage) => {
    expect(await storage.changeSchedules([put(aSchedule())])).toEqual([true]);
    expect(await storage.changeSchedules([put(other)])).toEqual([false]);
    expect(await storage.schedules()).toStrictEqual([aSchedule()]);
  });

  law("replaces the version that it was made from, and no other", async (storage) => {
    await storage.changeSchedules([put(aSchedule())]);
    expect(await storage.changeSchedules([put(other, "v1")])).toEqual([true]);
    expect(await storage.changeSchedules([put(aSchedule(), "v1")])).toEqual([false]);
    expect(await storage.changeSchedules([put(aSchedule({ id: "none" }), "v1")])).toEqual([false]);
    expect(await storage.schedules()).toStrictEqual([other]);
  });

  law("removes the version that it was made from, and no other", async (storage) => {
    await storage.changeSchedules([put(aSchedule())]);
    expect(await storage.changeSchedules([remove("s1", "v0")])).toEqual([false]);
    expect(await storage.schedules()).toHaveLength(1);
    expect(await storage.changeSchedules([remove("s1", "v1")])).toEqual([true]);
    expect(await storage.changeSchedules([remove("s1", "v1")])).toEqual([false]);
    expect(await storage.schedules()).toEqual([]);
    expect(await storage.changeSchedules([put(aSchedule())])).toEqual([true]);
  });

  law("answers for each of a batch, which does not depend on the others", async (storage) => {
    await storage.changeSchedules([put(aSchedule({ id: "a" })), put(aSchedule({ id: "b" }))]);
    const b = aSchedule({ id: "b", version: "v2" });
    const batch = [
      put(aSchedule({ id: "a", version: "v2" })),
      put(b, "v1"),
      remove("a", "v0"),
      remove("a", "v1"),
    ];
    expect(await storage.changeSchedules(batch)).toEqual([false, true, false, true]);
    expect(await storage.schedules()).toStrictEqual([b]);
    expect(await storage.changeSchedules([])).toEqual([]);
  });

  law("sees what those before it in the batch made of the schedule", async (storage) => {
    const versions = ["v1", "v2", "v3"].map((version) => aSchedule({ version }));
    const [first, second, third] = versions;
    const batch = [put(first!), put(second!, "v1"), put(third!, "v1"), remove("s1", "v2"), put(third!)];
    expect(await storage.changeSchedules(batch)).toEqual([true, true, false, true, true]);
    expect(await storage.schedules()).toStrictEqual([third!]);
  });

  law("applies nothing of a batch that has a job that cannot be added", async (storage) => {
    const [schedule, job] = [aSchedule({ version: "v2" }), aJob({ schedule: "s1" })];
    await storage.changeSchedules([put(aSchedule())]);
    const batch = [put(schedule, "v1", [job]), put(aSchedule({ id: "s2" }), null, [anUnreadableJob()])];
    await expect(storage.changeSchedules(batch)).rejects.toThrow();
    expect(await storage.schedules()).toStrictEqual([aSchedule()]);
    expect(await read(storage, job)).toEqual([null]);
  });

  law("keeps what it was given, whatever becomes of the object", async (storage) => {
    const schedule = aSchedule();
    await storage.changeSchedules([put(schedule)]);
    schedule.paused = true;
    const [stored] = await storage.schedules();
    stored!.nextRunAt = null;
    expect(await storage.nextSchedules(9)).toStrictEqual([aSchedule()]);
  });
}

function fireLaws(law: Law) {
  const fired = aSchedule({ version: "v2", nextRunAt: now + 60 });
  const occurrence = (fields: Partial<NewJob> = {}) => aJob({ schedule: "s1", scheduledFor: now, ...fields });

  law("adds the jobs of the change, which outlive the schedule", async (storage) => {
    const jobs = [occurrence(), occurrence({ queue: "b" }), occurrence(unusual)];
    const batch = [
      put(aSchedule(), null, [jobs[0]!]),
      put(fired, "v1", [jobs[1]!]),
      remove("s1", "v2", [jobs[2]!]),
    ];
    expect(await storage.changeSchedules(batch)).toEqual([true, true, true]);
    expect(await read(storage, ...jobs)).toStrictEqual(jobs.map(pending));
    await storage.heartbeat(aWorker());
    expect(idsOf(await storage.claim("w1", ["default", "b"], 9, now))).toEqual(idsOf(jobs.slice(0, 2)));
  });

  law("adds no job of a change that does not apply", async (storage) => {
    const jobs = [occurrence({ key: "k" }), occurrence({ queue: "b" })];
    await storage.changeSchedules([put(aSchedule())]);
    const stale = [put(fired, "v0", [jobs[0]!]), remove("s1", "v0", [jobs[1]!])];
    expect(await storage.changeSchedules(stale)).toEqual([false, false]);
    expect(await read(storage, ...jobs)).toEqual([null, null]);
    expect(await storage.insert([jobs[0]!])).toEqual([jobs[0]!.id]);
    expect((await storage.queues()).map(({ name }) => name)).toEqual(["default"]);
  });

  law("applies without a job whose key is held, by one of the same batch too", async (storage) => {
    const keyed = ["k", "k", "new", "new"].map((key) => occurrence({ key }));
    const [held, ...others] = keyed;
    await storage.insert([held!]);
    const batch = [put(aSchedule(), null, others.slice(0, 2)), put(fired, "v1", others.slice(2))];
    expect(await storage.changeSchedules(batch)).toEqual([true, true]);
    expect(await storage.schedules()).toStrictEqual([fired]);
    expect(await read(storage, ...keyed)).toStrictEqual([pending(held!), null, pending(others[1]!), null]);
  });

  law("gives an occurrence to one of many callers", async (storage, open) => {
    await storage.changeSchedules([put(aSchedule())]);
    const handles = [storage, await open(), await open()];
    const calls = Array.from({ length: 30 }, (_, call) => {
      const to = { ...fired, version: `by ${call}` };
      return handles[call % handles.length]!.changeSchedules([put(to, "v1", [occurrence()])]);
    });
    const winner = (await Promise.all(calls)).flat().flatMap((won, call) => (won ? [`by ${call}`] : []));
    expect((await storage.schedules()).map(({ version }) => version)).toEqual(winner);
    expect(await storage.list({}, { limit: 99 })).toHaveLength(1);
  });
}

function wakeLaws(law: Law) {
  law("nextRunAt is the earliest pending time in the queues that are not paused", async (storage) => {
    const queues = ["a", "b", "empty"];
    expect(await storage.nextRunAt(queues)).toBeNull();
    const times = { high: now + 50, normal: now + 9, low: now + 10 } as const;
    const later = aJob({ queue: "b", runAt: now + 100 });
    await storage.insert([
      aJob({ queue: "a", runAt: times.low, priority: "low" }),
      aJob({ queue: "a", runAt: times.normal }),
      aJob({ queue: "a", runAt: times.high, priority: "high" }),
      aJob({ queue: "other", runAt: 1 }),
      later,
    ]);
    expect(await storage.nextRunAt(queues)).toBe(times.normal);
    await storage.pause("a", true);
    expect(await storage.nextRunAt(queues)).toBe(now + 100);
    await storage.cancel([later.id], why, now);
    expect(await storage.nextRunAt(queues)).toBeNull();
    await storage.pause("a", false);
    expect(await storage.nextRunAt(queues)).toBe(times.normal);
  });

  law("nextRunAt leaves out what runs", async (storage) => {
    await start(storage, [aJob()]);
    expect(await storage.nextRunAt(["default"])).toBeNull();
  });

  const causes: Record<string, (storage: Storage, running: Job, ended: Job) => Promise<unknown>> = {
    "an insert": (storage) => storage.insert([aJob()]),
    "a fire": (storage) => {
      const ended = aSchedule({ version: "v2", nextRunAt: null });
      return storage.changeSchedules([put(ended, "v1", [aJob()])]);
    },
    "a new schedule": (storage) => storage.changeSchedules([put(aSchedule({ id: "s2" }))]),
    "an attempt to be repeated": (storage, running) => storage.settle("w1", [retried(running)], now),
    "a release": (storage, running) => storage.settle("w1", [released(running)], now),
    "a recovery": (storage) => storage.recover(leaseEnd),
    "a retry": (storage, _, ended) => storage.retry([ended.id], now),
    "the end of a pause": (storage) => storage.pause("resting", false),
  };
  const woken = (handle: Storage, queues: string[] | null = ["default", "resting"]) =>
    new Promise<void>((resolve) => {
      handle.onWake(queues, resolve);
    });

  const listeners: Record<
    string,
    (storage: Storage, open: () => Promise<Storage>) => Promise<{ told: Promise<void> }>
  > = {
    "this handle": async (storage) => ({ told: woken(storage) }),
    "another handle": async (_, open) => ({ told: woken(await open()) }),
    "a handle that listens to every queue": async (storage) => ({ told: woken(storage, null) }),
  };

  for (const [event, cause] of Object.entries(causes)) {
    for (const [listener, listen] of Object.entries(listeners)) {
      law(`onWake tells ${listener} of ${event}`, async (storage, open) => {
        const [running, ended] = await start(storage, [aJob(), aJob()]);
        await storage.settle("w1", [failed(ended!)], now);
        await storage.changeSchedules([put(aSchedule())]);
        await storage.pause("resting", true);
        await storage.insert([aJob({ queue: "resting" })]);
        const { told } = await listen(storage, open);
        await cause(storage, running!, ended!);
        await told;
      });
    }
  }

  law("onWake tells who listens to every queue of a schedule in a new one", async (storage, open) => {
    const told = woken(await open(), null);
    await storage.changeSchedules([put(aSchedule({ queue: "new" }))]);
    await told;
  });

  law("onWake returns the function that ends it, and ends that alone", async (storage, open) => {
    const watcher = await open();
    let calls = 0;
    const stop = watcher.onWake(["default"], () => calls++);
    const told = woken(watcher);
    stop();
    await storage.insert([aJob()]);
    await told;
    expect(calls).toBe(0);
  });
}
