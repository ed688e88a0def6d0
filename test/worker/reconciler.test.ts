import { describe, expect, test } from "bun:test";
import { Nuvom, openStorage, task } from "../../src/index.ts";
import type { RecurringWhen } from "../../src/when.ts";
import type { WorkerEvent } from "../../src/worker/events.ts";
import type { Described } from "../../src/worker/protocol.ts";
import { Reconciler } from "../../src/worker/reconciler.ts";
import { VirtualClock } from "../support/clock.ts";

const lease = 10_000;
const minute = 60_000;

/** What a release of the project says of its schedules. */
function release(schedules: Record<string, RecurringWhen>, failed: string[] = []): Described {
  const template = {
    queue: "default",
    priority: "normal",
    input: new Uint8Array([192]),
    maxAttempts: 3,
    timeout: null,
    keepFor: null,
    keepFailedFor: null,
    keepCount: null,
  } as const;
  return {
    tasks: Object.entries(schedules).map(([task, when]) => ({ when, template: { ...template, task } })),
    failed: failed.map((task) => ({ task, reason: "broken" })),
    isComplete: true,
  };
}

/** A storage that workers of several releases share. */
function plant() {
  const clock = new VirtualClock(0);
  const storage = openStorage("memory:");
  const events: WorkerEvent[] = [];
  let started = 0;

  /** A worker that lives until it is stopped. Each has an id after those of all before. */
  async function start(described: Described, project = "shop") {
    const id = `worker-${started++}`;
    const emit = (event: WorkerEvent) => void events.push(event);
    const failed = (error: unknown) => {
      throw error;
    };
    const describe = async () => described;
    const ready = () => {};
    const options = { storage, clock, worker: id, project, describe, ready, every: lease, emit, failed };
    const reconciler = new Reconciler(options);
    await reconciler.start();
    const record = { id, host: "h", pid: 1, queues: [], project, release: reconciler.release, startedAt: 0 };
    const beat = (leaseUntil: number) =>
      storage.heartbeat({ ...record, seenAt: 0, claimedAt: null, leaseUntil });
    await beat(Number.MAX_SAFE_INTEGER);
    await reconciler.step();
    return {
      step: () => reconciler.step(),
      async stop() {
        reconciler.stop();
        await beat(0);
        await storage.recover(0);
      },
    };
  }

  const rules = async () => {
    const schedules = await new Nuvom({ storage, clock }).schedules();
    return Object.fromEntries(schedules.map(({ id, definition }) => [id, definition.recurrence.rule]));
  };
  return { clock, storage, events, start, rules };
}

const every = (minutes: number) => ({ every: minutes * minute });

describe("schedules in the sources", () => {
  test("are added, changed without losing their place, and removed", async () => {
    const { clock, storage, events, start, rules } = plant();
    const first = await start(release({ a: { every: "1m" }, b: { cron: "0 9 * * *", tz: "Europe/Rome" } }));
    expect(await rules()).toEqual({ a: every(1), b: { cron: "0 9 * * *", tz: "Europe/Rome" } });
    await first.stop();
    await clock.advance(30_000);
    await start(release({ a: { every: "1m", overlap: "skip" }, c: { every: "5m" } }));
    expect(await rules()).toEqual({ a: every(1), c: every(5) });
    expect(await storage.schedules(["a"])).toMatchObject([{ nextRunAt: minute }]);
    expect(events.at(-1)).toEqual({
      type: "schedules-changed",
      added: ["c"],
      changed: ["a"],
      removed: ["b"],
    });
  });

  test("that stay the same are not written", async () => {
    const { storage, start } = plant();
    const first = await start(release({ a: { every: "1m" } }));
    const before = await storage.schedules();
    await first.stop();
    await start(release({ a: { every: "1m" } }));
    expect(await storage.schedules()).toEqual(before);
  });

  test("stay paused when they change", async () => {
    const { clock, storage, start } = plant();
    const first = await start(release({ a: { every: "1m" } }));
    await new Nuvom({ storage, clock }).getSchedule("a").pause();
    await first.stop();
    await start(release({ a: { every: "2m" } }));
    expect(await storage.schedules()).toMatchObject([{ paused: true }]);
  });

  test("leave those alone that a call has made, and those of other projects", async () => {
    const { clock, storage, start, rules } = plant();
    const nuvom = new Nuvom({ storage, clock });
    await nuvom.schedule(task("by.hand", () => 1) as never, undefined as never, { every: "1h", id: "mine" });
    await start(release({ theirs: { every: "1m" } }), "other");
    await start(release({ a: { every: "1m" } }));
    expect(Object.keys(await rules())).toEqual(["a", "mine", "theirs"]);
    await start(release({}));
    expect(Object.keys(await rules())).toEqual(["mine", "theirs"]);
  });

  test("of a file that cannot be read stay", async () => {
    const { start, rules } = plant();
    const first = await start(release({ a: { every: "1m" }, b: { every: "1m" } }));
    await first.stop();
    await start(release({}, ["a"]));
    expect(Object.keys(await rules())).toEqual(["a"]);
  });

  test("cannot be changed by a call", async () => {
    const { clock, storage, start } = plant();
    await start(release({ a: { every: "1m" } }));
    const nuvom = new Nuvom({ storage, clock });
    await expect(nuvom.getSchedule("a").change({ every: "2m" })).rejects.toThrow("in the sources");
  });
});

describe("a schedule of the same name", () => {
  test("that a call has made stays, and the worker says so once", async () => {
    const { clock, storage, events, start, rules } = plant();
    const nuvom = new Nuvom({ storage, clock });
    await nuvom.schedule(task("by.hand", () => 1) as never, undefined as never, { every: "1h", id: "a" });
    const worker = await start(release({ a: { every: "1m" }, b: { every: "1m" } }));
    await worker.stop();
    await start(release({}));
    expect(await rules()).toEqual({ a: every(60) });
    const said = events.filter(({ type }) => type === "schedule-unknown");
    expect(said).toEqual([
      { type: "schedule-unknown", task: "a", reason: expect.stringContaining("made by a call") },
    ]);
  });

  test("of another project stays as long as that has workers", async () => {
    const { clock, start, rules } = plant();
    const other = await start(release({ a: { every: "1m" } }), "other");
    const worker = await start(release({ a: { every: "2m" } }));
    expect(await rules()).toEqual({ a: every(1) });
    await other.stop();
    await clock.advance(minute);
    await worker.step();
    expect(await rules()).toEqual({ a: every(2) });
  });

  test("that this release cannot read stays, and the others are looked after", async () => {
    const { storage, start, rules } = plant();
    const odd = { id: "a", version: "1", queue: "q", nextRunAt: 1, paused: false };
    const to = { ...odd, definition: new Uint8Array([128]) };
    await storage.changeSchedules([{ id: "a", from: null, to, jobs: [] }]);
    await start(release({ a: { every: "1m" }, b: { every: "1m" } }));
    expect(await rules()).toEqual({ b: every(1) });
    expect(await storage.schedules(["a"])).toEqual([to]);
  });
});

test("a change that comes between another is tried again", async () => {
  const { storage, start, rules } = plant();
  const first = await start(release({ a: { every: "1m" }, b: { every: "1m" } }));
  await first.stop();
  const { changeSchedules } = storage;
  storage.changeSchedules = async (changes) => {
    storage.changeSchedules = changeSchedules;
    const [schedule] = await storage.schedules(["b"]);
    await storage.changeSchedules([
      { id: "b", from: schedule!.version, to: { ...schedule!, version: "fired" }, jobs: [] },
    ]);
    return storage.changeSchedules(changes);
  };
  await start(release({ a: { every: "1m" } }));
  expect(await rules()).toEqual({ a: every(1) });
});

describe("two releases side by side", () => {
  const old = release({ a: { every: "1m" }, gone: { every: "1m" } });
  const fresh = release({ a: { every: "2m" } });

  test("do not fight: the new one is written once, and stays when an old worker is started again", async () => {
    const { start, rules } = plant();
    const olds = [await start(old), await start(old)];
    const news = [await start(fresh)];
    expect(await rules()).toEqual({ a: every(2) });
    await olds[1]!.stop();
    olds[1] = await start(old);
    for (const worker of [...olds, ...news, ...olds]) await worker.step();
    expect(await rules()).toEqual({ a: every(2) });
  });

  test("the one that is left in the end holds, be it the new or, rolled back, the old", async () => {
    for (const [staying, leaving, left] of [
      [fresh, old, { a: every(2) }],
      [old, fresh, { a: every(1), gone: every(1) }],
    ] as const) {
      const { start, rules } = plant();
      const stays = await start(staying);
      const leaves = await start(leaving);
      await stays.step();
      await leaves.stop();
      await stays.step();
      expect(await rules()).toEqual(left);
    }
  });

  test("an old worker that came and went between two looks has left nothing behind", async () => {
    const { clock, start, rules } = plant();
    const stays = await start(fresh);
    const passing = await start(old);
    await passing.stop();
    expect(await rules()).toEqual({ a: every(1), gone: every(1) });
    await clock.advance(minute);
    await stays.step();
    expect(await rules()).toEqual({ a: every(2) });
  });

  test("of workers that start at the same time with the same release, one writes it", async () => {
    const { start, rules, events } = plant();
    await Promise.all([start(fresh), start(fresh), start(fresh)]);
    expect(await rules()).toEqual({ a: every(2) });
    expect(events.filter(({ type }) => type === "schedules-changed")).toHaveLength(1);
  });
});
