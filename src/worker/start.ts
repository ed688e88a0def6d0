import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { systemClock } from "../clock.ts";
import { defaultSizeLimit } from "../codec.ts";
import { configFile, configuredStorage, projectName, projectRoot } from "../config.ts";
import { type Discovery, discover } from "../discovery/discover.ts";
import { type Duration, milliseconds } from "../duration.ts";
import { InvalidOptionError } from "../errors.ts";
import { bytesOf, type Size } from "../size.ts";
import { openStorage, storageUrlForProcesses } from "../storage/open.ts";
import type { Storage } from "../storage/storage.ts";
import { lazily } from "../zod.ts";
import { describeTasks } from "./describe.ts";
import type { WorkerEvent } from "./events.ts";
import { insideProcess } from "./protocol.ts";
import { spawnProcess } from "./spawn.ts";
import { Worker } from "./worker.ts";

export interface WorkerOptions {
  /**
   * A URL, or a storage of your own. `NUVOM_STORAGE` or the project's file unless given. A relative path starts at
   * the project of the current folder, as it does for `Nuvom`.
   */
  storage?: string | Storage;
  /** Where the tasks are looked for and run; the project of the current folder unless given. */
  root?: string;
  /** How many processes; one for each core unless given. */
  processes?: number;
  /** How many jobs one process runs at a time; 1 unless given. */
  concurrency?: number;
  /** The queues it serves; all unless given. */
  queues?: readonly string[];
  /** Stop by itself when nothing is due or running. */
  drain?: boolean;
  /** For how long a worker that went silent keeps its jobs; 10 seconds unless given. */
  lease?: Duration;
  /** How long a job may go on after its signal was aborted, before its process is killed; 2 seconds unless given. */
  killGrace?: Duration;
  /** How long the import of a task's file may take; 30 seconds unless given. */
  importLimit?: Duration;
  /** The largest result in bytes; 1 MiB unless given. */
  sizeLimit?: number;
  /** How much memory one process may use before it is killed, such as `"512mb"`; no limit unless given. */
  maxMemory?: Size;
  /** When a process is replaced by a fresh one, between two jobs; never unless given. */
  recycle?: {
    /** After so many jobs. */
    jobs?: number;
    age?: Duration;
    /** When it uses more than this. */
    memory?: Size;
  };
  /** Hears of everything that happens. */
  onEvent?: (event: WorkerEvent) => void;
}

export interface RunningWorker {
  readonly id: string;
  /** The tasks it found, and what is wrong with those that it could not use. */
  readonly discovery: Discovery;
  /** Resolves when it has stopped, be it by `stop` or because it was to `drain`. */
  readonly stopped: Promise<void>;
  /**
   * Claims no more jobs, lets the running ones end within `grace` (10 seconds unless given), gives the rest back
   * without a lost attempt, and resolves when all is recorded.
   */
  stop(options?: { grace?: Duration }): Promise<void>;
}

const optionsShape = lazily((z) =>
  z.strictObject({
    storage: z
      .union([z.string(), z.custom<Storage>((value) => typeof value === "object" && value !== null)])
      .optional(),
    root: z.string().optional(),
    processes: z.int().min(1).optional(),
    concurrency: z.int().min(1).optional(),
    queues: z.array(z.string().min(1)).min(1).optional(),
    drain: z.boolean().optional(),
    lease: z.unknown().optional(),
    killGrace: z.unknown().optional(),
    importLimit: z.unknown().optional(),
    sizeLimit: z.int().min(1).optional(),
    maxMemory: z.unknown().optional(),
    recycle: z
      .strictObject({
        jobs: z.int().min(1).optional(),
        age: z.unknown().optional(),
        memory: z.unknown().optional(),
      })
      .optional(),
    onEvent: z.custom<(event: WorkerEvent) => void>((value) => typeof value === "function").optional(),
  }),
);

const shortestLease = 1_000;

/**
 * Starts a worker in this program: finds the project's tasks, starts the processes, and begins to claim.
 * @throws InvalidOptionError, StorageError
 */
export async function startWorker(options: WorkerOptions = {}): Promise<RunningWorker> {
  refuseWhereItCannotRun();
  const { error } = optionsShape().safeParse(options);
  if (error) {
    const problems = error.issues.map((issue) =>
      [issue.path.join("."), issue.message].filter(Boolean).join(": "),
    );
    throw new InvalidOptionError(`startWorker: ${problems.join("; ")}`);
  }
  const lease = milliseconds(options.lease ?? "10s", "lease");
  if (lease < shortestLease) throw new InvalidOptionError('lease must be at least a second, such as "10s"');
  const root = options.root === undefined ? projectRoot() : resolve(options.root);
  const discovery = await discover(root);
  const given = options.storage ?? configuredStorage();
  const url = typeof given === "string" ? given : null;
  const storage = typeof given === "string" ? openStorage(given, projectRoot()) : given;

  const files = new Map(discovery.tasks.map(({ name, file }) => [name, file]));
  const environment = { NUVOM_STORAGE: storageUrlForProcesses(url, projectRoot()) };
  const isolation = new Map(discovery.tasks.map((task) => [task.name, task.isolation]));
  const { maxMemory, recycle = {} } = options;
  const mayRecur = discovery.tasks.filter((task) => task.mayRecur).map(({ name }) => name);

  const worker = new Worker({
    storage,
    spawn: spawnProcess,
    root,
    files,
    isolation,
    sources: discovery.sources,
    config: configFile(root),
    environment,
    project: projectName(root),
    describe: (signal) => describeTasks({ root, environment, files, tasks: mayRecur, signal }),
    size: options.processes ?? availableParallelism(),
    concurrency: options.concurrency ?? 1,
    queues: options.queues ?? null,
    drain: options.drain ?? false,
    lease,
    killGrace: milliseconds(options.killGrace ?? "2s", "killGrace"),
    importLimit: milliseconds(options.importLimit ?? "30s", "importLimit"),
    sizeLimit: options.sizeLimit ?? defaultSizeLimit,
    maxMemory: maxMemory === undefined ? null : bytesOf(maxMemory, "maxMemory"),
    recycle: {
      jobs: recycle.jobs ?? null,
      age: recycle.age === undefined ? null : milliseconds(recycle.age, "recycle.age"),
      memory: recycle.memory === undefined ? null : bytesOf(recycle.memory, "recycle.memory"),
    },
    clock: systemClock,
    random: Math.random,
    emit: guarded(options.onEvent),
  });
  try {
    await worker.start();
  } catch (error) {
    if (url !== null) await storage.close();
    throw error;
  }
  // A storage that it opened is its own to close.
  const stopped = worker.stopped.then(() => (url === null ? undefined : storage.close()));
  return {
    id: worker.id,
    discovery,
    stopped,
    async stop({ grace = "10s" } = {}) {
      void worker.stop(milliseconds(grace, "grace"));
      await stopped;
    },
  };
}

/** Each of the worker's processes would start a worker again, without end. */
function refuseWhereItCannotRun(): void {
  if (insideProcess in globalThis) {
    throw new InvalidOptionError(
      "startWorker was called while a worker's process imported a task's file: start the worker in a file that defines no task and that no such file imports",
    );
  }
  if (import.meta.dir.startsWith("/$bunfs/")) {
    throw new InvalidOptionError(
      "a compiled program cannot run workers yet, as their processes would be the program itself: run it from its sources",
    );
  }
}

/** A listener's mistake must not become the worker's. */
function guarded(listener: WorkerOptions["onEvent"]): (event: WorkerEvent) => void {
  return (event) => {
    try {
      listener?.(event);
    } catch (error) {
      console.error(`nuvom: onEvent threw at "${event.type}":`, error);
    }
  };
}
