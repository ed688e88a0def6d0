import type { Clock } from "../clock.ts";
import type { Job } from "../job.ts";
import { type RetryPolicy, retryDelay, retryPolicy } from "../retry.ts";
import { claimBytes } from "../storage/storage.ts";
import type { Assigned, Death } from "./assigned.ts";
import type { WorkerEvent } from "./events.ts";
import { afterDeath, afterReport, type Place, released, startPause, type Verdict } from "./outcome.ts";
import { ProcessHandle, type ProcessListener, type ProcessOptions } from "./process-handle.ts";
import type { Report } from "./protocol.ts";

export interface PoolOptions extends ProcessOptions {
  /** How many processes. */
  size: number;
  worker: string;
  clock: Clock;
  random: () => number;
  emit(event: WorkerEvent): void;
  /** Takes what becomes of a job. */
  settle(verdict: Verdict): void;
  /** Called when there may be room for more jobs. */
  changed(): void;
}

/** Jobs are put into a process ahead of time only for as long as it takes the worker to fetch the next. */
const prefetchFor = 20;
const longestPrefetch = 512;

const firstRespawnDelay = 100;
const longestRespawnDelay = 10_000;

/** How many processes there may be besides, each for a suspect of its own. */
const mostAlone = 16;

/**
 * Suspects that see no other suspect begin for this long are given back, to be looked at after the pause. It must be long
 * enough for a process to start on a machine with much to do: else each round would only serve the first.
 */
const suspectPatience = 1_000;
const suspectPause = 1_000;

/**
 * The processes of a worker. A job that was in a process or held by a worker when it died is a suspect and is run
 * again with no other beside it. Only if it was the one job that a process ever had is it charged with its death.
 */
export class Pool {
  readonly #shared = new Set<ProcessHandle>();
  readonly #alone = new Set<ProcessHandle>();
  /** Those that wait to be run alone. */
  #suspects: Job[] = [];
  #endPatience: (() => void) | null = null;
  /** Until when it has put off jobs that are due. */
  #putOffUntil = 0;
  readonly #retries = new Map<string, RetryPolicy>();
  #failedStarts = 0;
  #stopped = false;
  readonly #listener: ProcessListener;

  constructor(private readonly options: PoolOptions) {
    this.#listener = {
      ready: () => {
        this.#failedStarts = 0;
        options.changed();
      },
      report: (process, assigned, report) => this.#report(process, assigned, report),
      returned: (process, jobs) => {
        for (const job of jobs) options.settle(released(job, "waited behind a long job"));
        if (this.#alone.has(process) && process.load === 0) this.#reuse(process);
        options.changed();
      },
      died: (process, death) => this.#died(process, death),
      loaded: (task, retry) => this.#retries.set(task, retry),
      log: ({ id, task }, text) => options.emit({ type: "log", id, task, text }),
    };
    for (let i = 0; i < options.size; i++) this.#spawn();
  }

  /** How many jobs it has. */
  get load(): number {
    return this.#all.reduce((sum, process) => sum + process.load, this.#suspects.length);
  }

  /** How many jobs it can take now: none while it has enough to do. */
  get room(): number {
    if (this.#suspects.length >= mostAlone) return 0;
    let room = 0;
    for (const process of this.#shared) room += this.#roomIn(process);
    return room;
  }

  /** Spreads jobs over the processes that have room, always giving to the one that has the least to do. */
  assign(jobs: readonly Job[]): void {
    const shares = [...this.#shared].map((process) => ({
      process,
      room: this.#roomIn(process),
      jobs: [] as Job[],
    }));
    for (const job of jobs) {
      if (job.crashes > 0) {
        this.#suspects.push(job);
        continue;
      }
      const open = shares.filter((share) => share.jobs.length < share.room);
      const [least] = open.sort((a, b) => loadOf(a) - loadOf(b));
      if (least) least.jobs.push(job);
      else this.options.settle(released(job, "the processes that had room for it are gone or busy"));
    }
    for (const { process, jobs } of shares) if (jobs.length > 0) process.assign(jobs);
    this.#runSuspects();
  }

  /** Ends a job from outside. Returns whether it is here. */
  cancel(id: string): boolean {
    return this.#all.some((process) => process.stop(id, "cancelled", "the job was cancelled"));
  }

  /** Takes no more jobs and gives back those that have not begun. */
  stop(): void {
    this.#stopped = true;
    this.#releaseSuspects();
    for (const process of this.#all) process.recall();
  }

  /** Whether jobs that were due wait because it had no process for them. */
  get hasPutOff(): boolean {
    return this.options.clock.now() < this.#putOffUntil;
  }

  holds(id: string): boolean {
    return this.#suspects.some((job) => job.id === id) || this.#all.some((process) => process.holds(id));
  }

  /** Kills the processes that have jobs, which are released. */
  interrupt(): void {
    for (const process of this.#all) if (process.load > 0) process.kill();
  }

  /** Ends every process. */
  close(): void {
    this.#stopped = true;
    for (const process of this.#all) process.kill();
  }

  get #all(): ProcessHandle[] {
    return [...this.#shared, ...this.#alone];
  }

  #spawn(): void {
    const process = this.#start();
    if (process) this.#shared.add(process);
    else this.#replace(false);
  }

  /** `null` if the system gives no more processes or memory. */
  #start(): ProcessHandle | null {
    try {
      const process = new ProcessHandle(this.options, this.#listener);
      this.options.emit({ type: "process-started", pid: process.pid });
      return process;
    } catch (error) {
      this.options.emit({ type: "process-failed", error });
      return null;
    }
  }

  #roomIn(process: ProcessHandle): number {
    if (!process.ready || this.#stopped) return 0;
    const { concurrency } = this.options;
    const full = process.busy || process.bytes >= claimBytes || process.meanDuration === null;
    const prefetch = full ? 0 : this.#prefetch(process.meanDuration!);
    const waiting = process.load - concurrency;
    return waiting < 0 || waiting < prefetch / 2 ? concurrency + prefetch - process.load : 0;
  }

  #prefetch(meanDuration: number): number {
    return Math.min(longestPrefetch, Math.floor((this.options.concurrency * prefetchFor) / meanDuration));
  }

  #runSuspects(): void {
    const { size, concurrency } = this.options;
    const most = Math.min(mostAlone, size * concurrency);
    while (this.#suspects.length > 0 && this.#alone.size < most) {
      const process = this.#start();
      if (!process) break;
      this.#alone.add(process);
      this.#runAlone(process, 0);
    }
    if (this.#suspects.length > 0) this.#endPatience ??= this.#patience();
  }

  /** For a first-time suspect, of which there are many after a worker's death, a process that has served one will do. */
  #reuse(process: ProcessHandle): void {
    const next = process.ready ? this.#suspects.findIndex(({ crashes }) => crashes === 1) : -1;
    if (next >= 0) this.#runAlone(process, next);
    else process.kill();
  }

  #runAlone(process: ProcessHandle, index: number): void {
    process.assign(this.#suspects.splice(index, 1));
    this.#endPatience?.();
    this.#endPatience = this.#suspects.length > 0 ? this.#patience() : null;
  }

  #patience(): () => void {
    return this.options.clock.after(suspectPatience, () => {
      this.#endPatience = null;
      this.#releaseSuspects();
      this.options.changed();
    });
  }

  #releaseSuspects(): void {
    const later = this.options.clock.now() + suspectPause;
    if (this.#suspects.length > 0) this.#putOffUntil = later + 1;
    for (const job of this.#suspects.splice(0)) {
      this.options.settle(released(job, "waits to be run alone", later));
    }
  }

  #report(process: ProcessHandle, assigned: Assigned, report: Report): void {
    this.options.settle(afterReport(assigned, report, this.#place(process)));
    if (this.#alone.has(process)) this.#reuse(process);
    this.options.changed();
  }

  #died(process: ProcessHandle, death: Death): void {
    const { emit, settle, random, changed } = this.options;
    const { how, assigned } = death;
    for (const each of assigned) {
      const policy = this.#retries.get(each.job.task) ?? retryPolicy(undefined);
      const retryIn = retryDelay(policy, each.job.attempt, null, random);
      settle(afterDeath(each, death, retryIn, this.#place(process)));
    }
    if (!death.wasReady) this.#putOffUntil = this.options.clock.now() + startPause + 1;
    const wasAlone = this.#alone.delete(process);
    const expected = death.killed && death.wasReady && assigned.length === 0;
    if (!expected)
      emit({ type: "process-died", pid: process.pid, how, killed: death.killed, jobs: assigned.length });
    if (wasAlone) this.#runSuspects();
    else {
      this.#shared.delete(process);
      this.#replace(death.wasReady);
    }
    changed();
  }

  #place({ pid }: ProcessHandle): Place {
    return { worker: this.options.worker, pid, now: this.options.clock.now() };
  }

  /** At once, unless processes die before they are ready: then with growing pauses. */
  #replace(wasReady: boolean): void {
    if (this.#stopped) return;
    if (wasReady) return this.#spawn();
    const delay = Math.min(longestRespawnDelay, firstRespawnDelay * 2 ** this.#failedStarts++);
    this.options.clock.after(delay, () => {
      if (!this.#stopped) this.#spawn();
    });
  }
}

function loadOf({ process, jobs }: { process: ProcessHandle; jobs: readonly Job[] }): number {
  return process.load + jobs.length;
}
