import { describe, expect } from "bun:test";
import type { Job } from "../job.ts";
import type { Storage } from "../storage/storage.ts";
import {
  aJob,
  anUnreadableJob,
  aSchedule,
  bytes,
  failed,
  type Law,
  leaseEnd,
  now,
  pending,
  read,
  released,
  retried,
  start,
} from "./builders.ts";

/** The laws of schedules and of waking. */
export function scheduleAndWakeLaws(law: Law): void {
  describe("schedules", () => scheduleLaws(law));
  describe("waking", () => wakeLaws(law));
}

function scheduleLaws(law: Law) {
  law("are put, replaced, removed and listed by id", async (storage) => {
    await storage.putSchedule(aSchedule({ id: "b", nextRunAt: null, paused: true }));
    await storage.putSchedule(aSchedule({ id: "c" }));
    await storage.putSchedule(aSchedule({ id: "a" }));
    const replaced = aSchedule({ id: "c", nextRunAt: now + 5, definition: bytes("other") });
    await storage.putSchedule(replaced);
    expect(await storage.removeSchedule("a")).toBe(true);
    expect(await storage.removeSchedule("a")).toBe(false);
    const left = [aSchedule({ id: "b", nextRunAt: null, paused: true }), replaced];
    expect(await storage.schedules()).toStrictEqual(left);
  });

  law("fire adds the job and moves on, and the job outlives the schedule", async (storage) => {
    await storage.putSchedule(aSchedule());
    const jobs = [aJob({ schedule: "s1" }), aJob({ schedule: "s1" })];
    expect(await storage.fire("s1", now, now + 60, jobs[0]!)).toBe(true);
    expect(await storage.schedules()).toStrictEqual([aSchedule({ nextRunAt: now + 60 })]);
    expect(await storage.fire("s1", now + 60, null, jobs[1]!)).toBe(true);
    expect(await storage.schedules()).toStrictEqual([aSchedule({ nextRunAt: null })]);
    await storage.removeSchedule("s1");
    expect(await read(storage, ...jobs)).toStrictEqual(jobs.map(pending));
  });

  law("fire does nothing for another occurrence, a paused schedule or an unknown one", async (storage) => {
    const schedules = [aSchedule({ id: "paused", paused: true }), aSchedule()];
    for (const schedule of schedules) await storage.putSchedule(schedule);
    expect(await storage.fire("s1", now - 1, now + 60, aJob())).toBe(false);
    expect(await storage.fire("paused", now, now + 60, aJob())).toBe(false);
    expect(await storage.fire("unknown", now, now + 60, aJob())).toBe(false);
    expect(await storage.schedules()).toStrictEqual(schedules);
    expect(await storage.list({}, { limit: 9 })).toEqual([]);
  });

  law("fire moves on without a job when the job's key is held", async (storage) => {
    await storage.putSchedule(aSchedule());
    await storage.insert([aJob({ key: "k" })]);
    expect(await storage.fire("s1", now, now + 60, aJob({ key: "k" }))).toBe(true);
    expect(await storage.schedules()).toMatchObject([{ nextRunAt: now + 60 }]);
    expect(await storage.list({}, { limit: 9 })).toHaveLength(1);
  });

  law("fire that cannot add its job does not move on", async (storage) => {
    await storage.putSchedule(aSchedule());
    await expect(storage.fire("s1", now, now + 60, anUnreadableJob())).rejects.toThrow();
    expect(await storage.schedules()).toStrictEqual([aSchedule()]);
  });

  law("fire gives an occurrence to one of many callers", async (storage, open) => {
    await storage.putSchedule(aSchedule());
    const handles = [storage, await open(), await open()];
    const calls = Array.from({ length: 30 }, (_, call) =>
      handles[call % handles.length]!.fire("s1", now, now + 60, aJob()),
    );
    expect((await Promise.all(calls)).filter(Boolean)).toEqual([true]);
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
    await storage.cancel([later.id], now);
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
    "a fire": (storage) => storage.fire("s1", now, null, aJob()),
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
        await storage.putSchedule(aSchedule());
        await storage.pause("resting", true);
        await storage.insert([aJob({ queue: "resting" })]);
        const { told } = await listen(storage, open);
        await cause(storage, running!, ended!);
        await told;
      });
    }
  }

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
