import type { Duration } from "../duration.ts";
import type { Hooks } from "../hooks.ts";
import type { Keep } from "../keep.ts";
import type { Size } from "../size.ts";
import type { Storage } from "../storage/storage.ts";

/**
 * What `nuvom.config.ts` in a project says, which exports it as its default. Variables of the environment come before
 * it, and flags and options in code before both.
 */
export interface Config {
  /**
   * Where the jobs are: a URL, a storage of your own, or a function that opens one when it is first needed. A
   * relative path starts at the project.
   */
  storage?: string | Storage | (() => Storage);
  /** Where tasks are looked for: folders, files or globs, relative to the project; all of it unless given. */
  include?: readonly string[];
  /** Where they are not, besides what `.gitignore` and `.nuvomignore` exclude, and in the same syntax. */
  exclude?: readonly string[];
  /** How many processes run jobs; one for each core unless given. */
  processes?: number;
  /** How many jobs one process runs at a time; 1 unless given. */
  concurrency?: number;
  /** The queues that a worker serves; all unless given. */
  queues?: readonly string[];
  /** How long running jobs may go on when their worker is stopped; 10 seconds unless given. */
  grace?: Duration;
  /** How long a job may go on after its signal was aborted, before its process is killed; 2 seconds unless given. */
  killGrace?: Duration;
  /** For how long a worker that went silent keeps its jobs; 10 seconds unless given. */
  lease?: Duration;
  /** How long the import of a task's file may take; 30 seconds unless given. */
  importLimit?: Duration;
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
  /** The largest input and the largest result, encoded; 1 MiB unless given. */
  sizeLimit?: Size;
  /**
   * The port on which a worker serves `/metrics` for Prometheus, `/healthz` and `/readyz`; none unless given, 0 for any
   * that is free.
   */
  metricsPort?: number;
  /** The address that it listens on; `127.0.0.1` unless given, which only this machine can reach. */
  metricsHost?: string;
  /** How long finished jobs are kept, and how many, of tasks that do not say; `defaultKeep` unless given. */
  keep?: Keep;
  /** Called for the jobs of every task, besides those of the task itself. */
  hooks?: Hooks;
}

/** For the types: returns what it is given. */
export function defineConfig(config: Config): Config {
  return config;
}
