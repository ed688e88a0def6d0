import type { Storage, WorkerEvent } from "../../src/index.ts";
import type { Described } from "../../src/worker/protocol.ts";
import { Worker } from "../../src/worker/worker.ts";
import { type Connection, connect, type Faults } from "./faulty-storage.ts";
import type { History } from "./history.ts";
import { type SimulatedProcess, simulatedSpawn } from "./processes.ts";
import { isolation, type Release, tasksKnownTo } from "./tasks.ts";
import { type Actor, createActor, type World } from "./world.ts";

export const lease = 10_000;

/** By how many milliseconds the clock of a machine may be off, and by how many more in each that passes. */
const offsets = [-1_000, -400, -3, 0, 0, 50, 1_000];
const drifts = [0, 0, 1e-4, -1e-4];

/** After a pause or a fault, a worker may lose its jobs within this time. */
const longestAftermath = 2 * lease;

/** A worker, on a machine of its own. */
export interface SimulatedWorker {
  readonly actor: Actor;
  readonly worker: Worker;
  readonly release: Release;
  readonly connection: Connection;
  readonly processes: Set<SimulatedProcess>;
  pausedAt: number | null;
  /** When its last pause ended. */
  awakeSince: number;
  /** It was told to stop, or has died. */
  isLeaving: boolean;
  hasStopped: boolean;
}

export type Workers = ReturnType<typeof createWorkers>;

export function createWorkers(world: World, faults: Faults, described: Described) {
  const { random } = world;
  const all: SimulatedWorker[] = [];

  return {
    all,
    get alive(): SimulatedWorker[] {
      return all.filter(({ isLeaving }) => !isLeaving);
    },

    start(observed: Storage, history: History, release: Release): void {
      const actor = createActor(world.name("w"));
      world.after(0, actor, () => {
        const clock = world.clockOf(actor, random.pick(offsets), random.pick(drifts));
        const connection = connect(observed, actor, faults, world);
        const processes = new Set<SimulatedProcess>();
        const worker = new Worker({
          storage: connection.storage,
          spawn: simulatedSpawn({
            world,
            history,
            worker: actor,
            release,
            now: clock.now,
            processes,
            misfortune: () => Math.min(0.1, faults.probability),
          }),
          root: "",
          files: new Map(tasksKnownTo(release).map((name) => [name, name])),
          isolation,
          sources: release,
          config: null,
          environment: {},
          project: "simulated",
          describe: async () => described,
          size: random.whole(1, 3),
          concurrency: random.pick([1, 1, 2, 4]),
          queues: null,
          drain: false,
          lease,
          killGrace: 2_000,
          importLimit: 3_000,
          maxMemory: null,
          recycle: {
            jobs: random.pick([null, null, 7]),
            age: random.pick([null, null, 15_000]),
            memory: null,
          },
          sizeLimit: 1_000_000,
          clock,
          random: random.next,
          emit: (event) => heard(world, actor, event),
        });
        const started = world.now();
        const own = { actor, worker, release, connection, processes, pausedAt: null, awakeSince: started };
        const simulated: SimulatedWorker = { ...own, isLeaving: false, hasStopped: false };
        all.push(simulated);
        void worker.start();
        void worker.stopped.then(() => {
          simulated.hasStopped = true;
        });
      });
    },

    pause(worker: SimulatedWorker): void {
      world.say(worker.actor, () => "is paused");
      worker.pausedAt = world.now();
      world.pause(worker.actor);
    },

    resume(worker: SimulatedWorker): void {
      if (worker.pausedAt === null) return;
      world.say(worker.actor, () => "goes on");
      worker.pausedAt = null;
      worker.awakeSince = world.now();
      world.resume(worker.actor);
    },

    /** As by `kill -9`: its processes die with it. */
    kill(worker: SimulatedWorker): void {
      world.say(worker.actor, () => "is killed");
      worker.isLeaving = true;
      world.kill(worker.actor);
      for (const process of [...worker.processes]) process.die("its worker has died");
    },

    stop(worker: SimulatedWorker, grace: number): void {
      worker.isLeaving = true;
      world.deliver(world.now(), worker.actor, () => {
        world.say(worker.actor, () => `is told to stop within ${grace} ms`);
        void worker.worker.stop(grace);
      });
    },

    /** Whether something has happened to the worker that may cost it its lease. */
    mayLoseJobs(id: string): boolean {
      const found = all.find(({ worker }) => worker.id === id)!;
      const { pausedAt, awakeSince, connection, actor, hasStopped } = found;
      // One that stopped while the storage was away could not give back what it had.
      if (pausedAt !== null || hasStopped || actor.state === "dead") return true;
      return world.now() - Math.max(awakeSince, connection.disturbedAt) < longestAftermath;
    },

    /** For how long the worker of that name has been awake, and reached the storage, since the time. */
    wellFor(name: string, time: number): number {
      const { pausedAt, awakeSince, connection, actor } = all.find(({ actor }) => actor.name === name)!;
      if (pausedAt !== null || actor.state === "dead") return 0;
      return world.now() - Math.max(awakeSince, connection.disturbedAt, time);
    },
  };
}

function heard(world: World, actor: Actor, event: WorkerEvent): void {
  world.say(actor, () => `event ${event.type}`);
  if (event.type !== "storage-error") return;
  const { code } = event.error as { code?: string };
  if (code === "STORAGE_UNAVAILABLE" || code === "LEASE_LOST") return;
  world.violate("a worker meets no error but those of the storage", Bun.inspect(event.error));
}
