import type { EnqueueOptions } from "../../src/enqueue.ts";
import { hasCode } from "../../src/errors.ts";
import { Nuvom, type Storage } from "../../src/index.ts";
import { isFinal, priorities } from "../../src/job.ts";
import type { Recurring, ScheduleOptions } from "../../src/when.ts";
import { connect, type Faults } from "./faulty-storage.ts";
import type { History } from "./history.ts";
import { queues, someWork, taskOf } from "./tasks.ts";
import { createActor, type World } from "./world.ts";

export type Client = ReturnType<typeof createClient>;

/** A program that uses Nuvom: what it can do, it does at random. */
export function createClient(world: World, observed: Storage, history: History, faults: Faults) {
  const { random } = world;
  const actor = createActor(world.name("c"));
  const clock = world.clockOf(actor, random.between(-1_000, 1_000), 0);
  const { storage } = connect(observed, actor, faults, world);
  const nuvom = new Nuvom({ storage, clock, keep: "forever" });
  /** The ids that it was told: these jobs are safe. */
  const confirmed = new Set<string>();
  let underWay = 0;

  function options(): EnqueueOptions {
    return {
      queue: random.pick(queues),
      priority: random.pick(priorities),
      ...(random.chance(0.3) && { in: Math.round(random.between(0, 10_000)) }),
      ...(random.chance(0.2) && { key: random.pick(["a", "b"]) }),
    };
  }

  async function enqueue(): Promise<void> {
    const work = someWork(random);
    const { id } = await nuvom.enqueue(taskOf(work.kind), work, options());
    confirmed.add(id);
  }

  async function enqueueMany(): Promise<void> {
    const { kind } = someWork(random);
    const most = kind === "quick" ? 40 : 6;
    const many = Array.from({ length: random.whole(2, most) }, () => someWork(random, kind));
    const handles = await nuvom.enqueueMany(taskOf(kind), many, options);
    for (const { id } of handles) confirmed.add(id);
  }

  function someJobs(wanted: (state: string) => boolean): string[] {
    const found = [...history.jobs.values()].filter(({ job }) => wanted(job.state));
    return found.length === 0 ? [] : [random.pick(found).job.id];
  }

  async function cancel(): Promise<void> {
    const ids = someJobs((state) => state === "running" || state === "pending");
    if (ids.length > 0) await storage.cancel(ids, world.name("reason"), clock.now());
  }

  async function retry(): Promise<void> {
    const ids = someJobs((state) => isFinal(state as never));
    if (ids.length > 0) await storage.retry(ids, clock.now());
  }

  async function pauseQueue(): Promise<void> {
    await storage.pause(random.pick(queues), random.chance(0.5));
  }

  const repertoire = [
    ...Array(8).fill(enqueue),
    ...Array(4).fill(enqueueMany),
    ...Array(3).fill(cancel),
    ...Array(2).fill(retry),
    pauseQueue,
  ] as (() => Promise<void>)[];

  /** Does something, again if it must not fail. */
  function perform(action: () => Promise<unknown>, isRepeated = false): void {
    underWay++;
    world.after(0, actor, () => {
      action().then(
        () => {
          underWay--;
        },
        (error) => {
          underWay--;
          if (!hasCode(error, "STORAGE_UNAVAILABLE")) {
            world.violate("a client meets no error but those of the storage", Bun.inspect(error));
          } else if (isRepeated) perform(action, true);
        },
      );
    });
  }

  return {
    confirmed,
    get isIdle(): boolean {
      return underWay === 0;
    },

    act(): void {
      perform(random.pick(repertoire));
    },

    /** Adds a schedule that comes to its end. */
    schedule(): void {
      const work = someWork(random, random.pick(["quick", "good", "slow"]));
      const rule: Recurring = random.chance(0.9)
        ? { every: random.whole(700, 4_000) }
        : { cron: "* * * * *" };
      const options: ScheduleOptions = {
        id: world.name("s"),
        queue: random.pick(queues),
        catchUp: random.pick(["all", "all", "one"]),
        overlap: random.pick(["allow", "allow", "skip", "replace"]),
        limit: "cron" in rule ? 1 : random.whole(1, 6),
      };
      perform(() => nuvom.schedule(taskOf(work.kind), work, { ...rule, ...options }), true);
    },

    openQueues(): void {
      for (const queue of queues) perform(() => storage.pause(queue, false), true);
    },
  };
}
