import type { Clock } from "../clock.ts";
import type { Job } from "../job.ts";
import type { Assigned, Death } from "./assigned.ts";
import type { ProcessHandle } from "./process-handle.ts";
import type { Report, TaskFacts } from "./protocol.ts";
import type { Spawn } from "./spawn.ts";

export interface ProcessOptions {
  clock: Clock;
  spawn: Spawn;
  /** The folder in which the process runs. */
  root: string;
  /** The file of each task. */
  files: ReadonlyMap<string, string>;
  /** The file of the project's configuration, if there is one. */
  config: string | null;
  environment: Record<string, string>;
  concurrency: number;
  /** The largest result in bytes. */
  sizeLimit: number;
  /** Milliseconds between the abort of a job's signal and the kill of its process. */
  killGrace: number;
  /** Milliseconds that the import of a task's file may take. */
  importLimit: number;
  /** How much memory in bytes a process may use before it is killed, `null` for no limit. */
  maxMemory: number | null;
  recycle: Recycle;
}

/** When a process is replaced, between two jobs; `null` for never. */
export interface Recycle {
  /** After so many jobs. */
  jobs: number | null;
  /** After so many milliseconds. */
  age: number | null;
  /** When it uses more memory than this, in bytes. */
  memory: number | null;
}

/** Called by a process about itself. */
export interface ProcessListener {
  ready(process: ProcessHandle): void;
  /** A job's process says that it has begun: always if a hook hears of it, else where that is later than it seemed. */
  began(assigned: Assigned): void;
  report(process: ProcessHandle, assigned: Assigned, report: Report): void;
  /** It gave these jobs back, unbegun. */
  returned(process: ProcessHandle, jobs: Job[]): void;
  /** It takes no more jobs and ends with the last one: it is to be replaced. */
  retiring(process: ProcessHandle): void;
  died(process: ProcessHandle, death: Death): void;
  loaded(facts: TaskFacts): void;
  /** A job has printed something, or something has that is no job. */
  output(process: ProcessHandle, job: Job | null, lines: readonly string[]): void;
  /** A job has something to be noted. */
  noted(): void;
}
