import type { Clock } from "../clock.ts";
import type { Job } from "../job.ts";
import type { ProcessHandle } from "./process-handle.ts";

interface LoneOptions {
  clock: Clock;
  /** How many processes there may be. */
  most: number;
  /** `null` if the system lets none start. */
  start(): ProcessHandle | null;
  /** Whether its task asks for a process for each job, so that it is alone though it is no suspect. */
  isIsolated(job: Job): boolean;
  /** Gives a job back. */
  release(job: Job, runAt: number): void;
  /** Called when there may be room for more jobs. */
  changed(): void;
}

/**
 * Jobs that see no other begin for this long are given back, to be looked at after the pause. It must be long enough for a
 * process to start on a machine with much to do: else each round would only serve the first.
 */
const patience = 1_000;
const pause = 1_000;

/** The jobs that run with no other beside them, each in a process of its own: suspects, and those that ask for it. */
export class LoneProcesses {
  /** Each with its last job. */
  readonly #processes = new Map<ProcessHandle, Job>();
  #waiting: Job[] = [];
  #endPatience: (() => void) | null = null;
  #putOffUntil = 0;

  constructor(private readonly options: LoneOptions) {}

  get all(): Iterable<ProcessHandle> {
    return this.#processes.keys();
  }

  has(process: ProcessHandle): boolean {
    return this.#processes.has(process);
  }

  /** How many jobs are here because their task asks for that. */
  get isolated(): number {
    return [...this.#waiting, ...this.#processes.values()].filter(this.options.isIsolated).length;
  }

  /** How many jobs wait for a process. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether jobs that were due wait because it had no process for them. */
  get hasPutOff(): boolean {
    return this.options.clock.now() < this.#putOffUntil;
  }

  holds(id: string): boolean {
    return this.#waiting.some((job) => job.id === id);
  }

  add(job: Job): void {
    this.#waiting.push(job);
  }

  /** Starts processes for those that wait, as far as there may be more. */
  run(): void {
    while (this.#waiting.length > 0 && this.#processes.size < this.options.most) {
      const process = this.options.start();
      if (!process) break;
      this.#give(process, 0);
    }
    if (this.#waiting.length > 0) this.#endPatience ??= this.#patience();
  }

  /** A process has nothing to do any more. Of many first-time suspects it may serve the next; else it ends. */
  next(process: ProcessHandle): void {
    const mayFollow = (job: Job) => job.crashes === 1 && !this.options.isIsolated(job);
    const next = process.ready ? this.#waiting.findIndex(mayFollow) : -1;
    if (next >= 0) this.#give(process, next);
    else process.kill();
  }

  /** Returns whether the process was one of these. */
  died(process: ProcessHandle): boolean {
    const was = this.#processes.delete(process);
    if (was) this.run();
    return was;
  }

  /** Gives back those that wait. */
  releaseWaiting(): void {
    const later = this.options.clock.now() + pause;
    if (this.#waiting.length > 0) this.#putOffUntil = later + 1;
    for (const job of this.#waiting.splice(0)) this.options.release(job, later);
  }

  #give(process: ProcessHandle, index: number): void {
    const [job] = this.#waiting.splice(index, 1) as [Job];
    this.#processes.set(process, job);
    process.assign([job]);
    this.#endPatience?.();
    this.#endPatience = this.#waiting.length > 0 ? this.#patience() : null;
  }

  #patience(): () => void {
    return this.options.clock.after(patience, () => {
      this.#endPatience = null;
      this.releaseWaiting();
      this.options.changed();
    });
  }
}
