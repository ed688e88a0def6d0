import { expect } from "bun:test";
import { StorageError } from "../errors.ts";
import type { Storage } from "../storage/storage.ts";
import {
  aJob,
  aSchedule,
  aWorker,
  failed,
  type Law,
  now,
  pending,
  put,
  read,
  released,
  start,
  succeeded,
  why,
} from "./builders.ts";

const everything = { limit: 1000 };

/** The laws of handles: what they share, and what is left when one is closed. */
export function handleLaws(law: Law): void {
  law("all of a job is there after close and open again, byte for byte", async (storage, open) => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const large = new Uint8Array(1024 * 1024).map((_, index) => index % 251);
    const latest = 8_640_000_000_000_000;
    const text = "\uFEFFnaïve 日本語 🎈 'quoted' \"%s\" {a}:b\n\0";
    const jobs = [
      aJob({ input: all }),
      aJob({ input: new Uint8Array() }),
      aJob({ input: large }),
      aJob({ input: large.subarray(10, 20) }),
      aJob({ task: text, queue: text, key: text, schedule: text }),
      aJob({ runAt: latest, scheduledFor: latest, createdAt: 0 }),
      aJob({ timeout: 2_147_483_648, maxAttempts: 1_000_000 }),
    ];
    await storage.insert(jobs);
    await storage.close();
    expect(await read(await open(), ...jobs)).toStrictEqual(jobs.map(pending));
  });

  law("what became of jobs is there after close and open again, byte for byte", async (storage, open) => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const [a, b, c] = await start(storage, [aJob(), aJob(), aJob(), aJob()]);
    await storage.settle(
      "w1",
      [
        { ...succeeded(a!), result: all },
        { ...failed(b!), errors: all },
        { ...released(c!), reason: "no worker knows “naïve”" },
      ],
      now,
    );
    await storage.changeSchedules([put(aSchedule({ definition: all }))]);
    await storage.pause("resting", true);
    const look = async (handle: Storage) => [
      await handle.list({}, everything),
      await handle.counts(),
      await handle.workers(),
      await handle.schedules(),
    ];
    const before = await look(storage);
    await storage.close();
    const reopened = await open();
    expect(await look(reopened)).toStrictEqual(before);
    expect(await read(reopened, a!, b!, c!)).toMatchObject([
      { result: all },
      { errors: all },
      { reason: "no worker knows “naïve”" },
    ]);
    expect(await reopened.schedules()).toMatchObject([{ definition: all }]);
  });

  law("large jobs are all there, however many are asked for", async (storage) => {
    const jobs = Array.from({ length: 12 }, (_, index) =>
      aJob({ input: new Uint8Array(1024 * 1024).fill(index) }),
    );
    for (const job of jobs) await storage.insert([job]);
    const found = await read(storage, ...jobs, { id: "none" });
    expect(found.map((job) => job?.input[0])).toEqual([...jobs.keys(), undefined]);
  });

  law("handles see what the others did, and outlive them", async (storage, open) => {
    const [job] = await start(storage, [aJob()]);
    const other = await open();
    await other.cancel([job!.id], why, now);
    expect(await storage.heartbeat(aWorker())).toMatchObject({
      running: 1,
      cancel: [{ id: job!.id, reason: why }],
    });
    await storage.close();
    expect(await other.settle("w1", [succeeded(job!)], now)).toEqual([true]);
    expect(await read(other, job!)).toMatchObject([{ state: "succeeded", reason: null }]);
  });

  law("a closed handle refuses use, but may be closed again", async (storage) => {
    await storage.close();
    await storage.close();
    const uses = [
      () => storage.insert([aJob()]),
      () => storage.claim("w1", ["default"], 1, now),
      () => storage.settle("w1", [], now),
      () => storage.note("w1", []),
      () => storage.claimParked("w1", { queues: [], tasks: [], sources: "r1" }, 1, now),
      () => storage.heartbeat(aWorker()),
      () => storage.recover(now),
      () => storage.schedules(),
      () => storage.nextSchedules(1),
      () => storage.changeSchedules([]),
      () => storage.nextRunAt(["default"]),
      async () => storage.onWake(["default"], () => {}),
      () => storage.get([]),
      () => storage.states([]),
      () => storage.list({}, everything),
      () => storage.counts(),
      () => storage.queues(),
      () => storage.workers(),
      () => storage.cancel([], why, now),
      () => storage.retry([], now),
      () => storage.pause("default", true),
      () => storage.prune(now, 1),
      () => storage.trim({ queue: "default", task: "test.task", state: "failed" }, 1, 1),
      () => storage.check(now),
    ];
    for (const use of uses) await expect((async () => use())()).rejects.toBeInstanceOf(StorageError);
  });
}
