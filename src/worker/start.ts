import { resolve } from "node:path";
import { systemClock } from "../clock.ts";
import type { Configuration } from "../config/checks.ts";
import type { Config } from "../config/config.ts";
import { type Configured, configure, configuredStorage } from "../config/configure.ts";
import { storageVariable } from "../config/inherited.ts";
import type { Task } from "../definition.ts";
import type { Discovery } from "../discovery/discover.ts";
import { type Duration, milliseconds } from "../duration.ts";
import { InvalidOptionError } from "../errors.ts";
import type { Hooks } from "../hooks.ts";
import { projectName, projectRoot } from "../project.ts";
import { storageUrlForProcesses } from "../storage/open.ts";
import type { Storage } from "../storage/storage.ts";
import type { WorkerEvent } from "./events.ts";
import { insideProcess, processVariable } from "./protocol.ts";
import type { WorkerStatus } from "./status.ts";

/** What is left out is as the project's configuration says. */
export interface WorkerOptions extends Omit<Config, "keep"> {
  /** Where the tasks are looked for and run; the project of the current folder unless given. */
  root?: string;
  /**
   * The tasks, in a program that is bundled or compiled and so has no sources to find them in. The processes of the
   * worker are then the same program, started again: there, this call does not return, and what stands before it runs in
   * each of them.
   */
  tasks?: readonly Task<never, unknown>[];
  /** Called for the jobs of every task; only together with `tasks`: else they belong into `nuvom.config.ts`. */
  hooks?: Hooks;
  /** Stop by itself when nothing is due or running. */
  drain?: boolean;
  /** Hears of everything that happens. */
  onEvent?: (event: WorkerEvent) => void;
}

export interface RunningWorker {
  readonly id: string;
  /** The tasks it found, and what is wrong with those that it could not use. */
  readonly discovery: Discovery;
  /** Resolves when it has stopped, be it by `stop` or because it was to `drain`. */
  readonly stopped: Promise<void>;
  /** How it is at this moment. */
  status(): WorkerStatus;
  /**
   * Claims no more jobs, lets the running ones end within `grace` (10 seconds unless given), gives the rest back
   * without a lost attempt, and resolves when all is recorded.
   */
  stop(options?: { grace?: Duration }): Promise<void>;
}

/**
 * Starts a worker in this program: finds the project's tasks, starts the processes, and begins to claim.
 * @throws InvalidOptionError, StorageError
 */
export async function startWorker(options: WorkerOptions = {}): Promise<RunningWorker> {
  const { root: folder, tasks, drain = false, onEvent, ...given } = options;
  if (tasks && process.env[processVariable] && process.send) return becomeProcess(given.hooks);
  if (insideProcess in globalThis) {
    throw new InvalidOptionError(
      "startWorker was called while a worker's process imported a task's file: start the worker in a file that defines no task and that no such file imports",
    );
  }
  if (given.hooks && !tasks) {
    throw new InvalidOptionError(
      "startWorker: hooks: they belong into nuvom.config.ts, which its processes read",
    );
  }
  const root = folder === undefined ? projectRoot() : resolve(folder);
  const { values, origins, warnings } = configure(root, given, (name) => `startWorker: ${name}`);
  const environment = {
    ...storageForProcesses(values, origins, projectRoot(root)),
    ...(tasks && { [processVariable]: "1" }),
  };
  // A program that only enqueues need not load what follows, nor need each process of a worker.
  const { discoveredTasks, handedOver } = await import("./sources.ts");
  const { Worker } = await import("./worker.ts");
  const sources = tasks ? handedOver(root, tasks) : discoveredTasks(root, values, environment);
  const { discovery, spawn, config, describe } = sources;
  const storage = configuredStorage(values, projectRoot(root));
  // A storage that it opened is its own to close.
  const closeStorage = async () => {
    if (typeof values.storage !== "object") await storage.close();
  };
  const monitoring = await startMonitoring(storage, values, () => worker.status).catch(async (error) => {
    await closeStorage();
    throw error;
  });
  const emit = guarded((event) => {
    monitoring?.onEvent(event);
    onEvent?.(event);
  });
  for (const text of warnings) emit({ type: "warning", text });

  const worker = new Worker({
    storage,
    spawn,
    root,
    files: new Map(discovery.tasks.map(({ name, file }) => [name, file])),
    isolation: new Map(discovery.tasks.map((task) => [task.name, task.isolation])),
    sources: discovery.sources,
    config,
    environment,
    project: projectName(root),
    describe,
    hooks: given.hooks,
    size: values.processes,
    concurrency: values.concurrency,
    queues: values.queues,
    drain,
    lease: values.lease,
    killGrace: values.killGrace,
    importLimit: values.importLimit,
    sizeLimit: values.sizeLimit,
    maxMemory: values.maxMemory,
    recycle: {
      jobs: values["recycle.jobs"],
      age: values["recycle.age"],
      memory: values["recycle.memory"],
    },
    clock: systemClock,
    random: Math.random,
    emit,
  });
  const close = async () => {
    await monitoring?.close();
    await closeStorage();
  };
  try {
    await worker.start();
  } catch (error) {
    await close();
    throw error;
  }
  const stopped = worker.stopped.then(close);
  const running: RunningWorker = {
    id: worker.id,
    discovery,
    stopped,
    status: () => worker.status,
    async stop({ grace = values.grace } = {}) {
      void worker.stop(milliseconds(grace, "grace"));
      await stopped;
    },
  };
  if (monitoring) emit({ type: "listening", url: monitoring.url });
  return running;
}

/** A program that wants no metrics need not load what makes them. @throws InvalidOptionError if the port is taken. */
async function startMonitoring(storage: Storage, values: Configuration, status: () => WorkerStatus) {
  const { metricsPort: port, metricsHost: hostname } = values;
  if (port === null) return null;
  const { monitor } = await import("../monitoring/monitor.ts");
  return monitor({ storage, port, hostname, status });
}

/** Where what its process imports may hold a worker that runs it. */
async function becomeProcess(hooks: Hooks | undefined): Promise<never> {
  delete process.env[processVariable];
  const { runProcess } = await import("./process.ts");
  runProcess(hooks);
  return new Promise(() => {});
}

/** What lets a job enqueue others. A storage of the user's own that the configuration names, a process opens by itself. */
function storageForProcesses(
  { storage }: Configuration,
  { storage: origin }: Configured["origins"],
  root: string,
): Record<string, string> {
  if (typeof storage !== "string" && origin !== "startWorker: storage") return {};
  const url = typeof storage === "string" ? storage : null;
  return { [storageVariable]: storageUrlForProcesses(url, root) };
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
