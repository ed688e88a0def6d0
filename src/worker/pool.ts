import type { Isolation } from "../definition.ts";
import type { Hooks } from "../hooks.ts";
import type { Job } from "../job.ts";
import { retryDelay, retryPolicy } from "../retry.ts";
import { claimBytes } from "../storage/storage.ts";
import { type Assigned, type Death, reasonOf } from "./assigned.ts";
import type { WorkerEvent } from "./events.ts";
import { spawnInline } from "./inline.ts";
import { LoneProcesses } from "./lone.ts";
import { watchMemory } from "./memory.ts";
import { afterDeath, afterReport, type Place, released, startPause, type Verdict } from "./outcome.ts";
import { ProcessHandle } from "./process-handle.ts";
import type { ProcessListener, ProcessOptions } from "./process-options.ts";
import type { Report, TaskFacts } from "./protocol.ts";
import type { ProcessStatus } from "./status.ts";

export interface PoolOptions extends ProcessOptions {
  /** How many processes. */
  size: number;
  worker: string;
  sources: string;
  /** Where the jobs of a task run, as its source says; `"shared"` unless known. */
  isolation: ReadonlyMap<string, Isolation>;
  /** Those of every task, where the tasks were handed over, and with them their hooks. */
  hooks?: Hooks | undefined;
  /** What is known of tasks whose files have been imported; the pool adds to it. */
  facts: Map<string, TaskFacts>;
  random: () => number;
  emit(event: WorkerEvent): void;
  began(assigned: Assigned): void;
  /** Takes what becomes of a job. */
  settle(verdict: Verdict): void;
  /** Called when there may be room for more jobs. */
  changed(): void;
  /** Called when a job has said something. */
  noted(): void;
}

/** Jobs are put into a process ahead of time only for as long as it takes the worker to fetch the next. */
const prefetchFor = 20;
const longestPrefetch = 512;

const respawnDelay = { first: 100, longest: 10_000 };

/** When a spare process is started: not while jobs wait for the processes that start just now. */
const sparePause = 1_000;

/** How many processes there may be besides, each for a job of its own. */
const mostAlone = 16;

/**
 * The processes of a worker. A job that was in a process or held by a worker when it died is a suspect and is run
 * again with no other beside it. Only if it was the one job that a process ever had is it charged with its death.
 */
export class Pool {
  readonly #shared = new Set<ProcessHandle>();
  /** Those that were replaced and have jobs to end. */
  readonly #retiring = new Set<ProcessHandle>();
  readonly #lone: LoneProcesses;
  /** The worker's own process, once a task runs in it. */
  #inline: ProcessHandle | null = null;
  /** One that has started ahead, for the next that is needed. */
  #spare: ProcessHandle | null = null;
  /** Until when it has put off jobs that are due. */
  #putOffUntil = 0;
  #failedStarts = 0;
  #stopped = false;
  readonly #listener: ProcessListener;

  constructor(private readonly options: PoolOptions) {
    const { clock, settle, changed, began, noted } = options;
    this.#listener = {
      began,
      noted,
      ready: () => {
        this.#failedStarts = 0;
        changed();
      },
      report: (process, assigned, report) => this.#report(process, assigned, report),
      returned: (process, jobs) => {
        for (const job of jobs) settle(released(job, "waited behind a long job"));
        if (this.#lone.has(process) && process.load === 0) this.#lone.next(process);
        changed();
      },
      retiring: (process) => this.#retire(process),
      died: (process, death) => this.#died(process, death),
      loaded: (facts) => void options.facts.set(facts.task, facts),
      output: ({ pid }, job, lines) => {
        for (const text of lines) {
          if (job) options.emit({ type: "log", id: job.id, task: job.task, text });
          else options.emit({ type: "output", pid, text });
        }
      },
    };
    this.#lone = new LoneProcesses({
      clock,
      changed,
      most: Math.min(mostAlone, options.size * options.concurrency),
      start: () => this.#take(),
      isIsolated: (job) => this.#isolationOf(job) === "job",
      release: (job, runAt) => settle(released(job, "waits for a process of its own", runAt)),
    });
    for (let i = 0; i < options.size; i++) this.#place(this.#start(options));
    if (options.maxMemory !== null || options.recycle.memory !== null) {
      const children = () => this.#all.filter((process) => process !== this.#inline);
      watchMemory(clock, () => (this.#stopped && this.load === 0 ? null : children()));
    }
  }

  /** How many jobs it has. */
  get load(): number {
    return this.#all.reduce((sum, process) => sum + process.load, this.#lone.waiting);
  }

  /** How many jobs it can take now: none while it has enough to do. */
  get room(): number {
    if (this.#lone.waiting >= mostAlone || (this.#inline?.load ?? 0) >= this.#inlineConcurrency) return 0;
    let room = 0;
    for (const process of this.#shared) room += this.#roomIn(process);
    // Each has a process of its own, but counts as one of those that run at a time.
    return Math.max(0, room - this.#lone.isolated);
  }

  /** The jobs that have said something that is to be noted. */
  get noted(): Assigned[] {
    return this.#all.flatMap((process) => process.noted);
  }

  /** Whether jobs that were due wait because it had no process for them. */
  get hasPutOff(): boolean {
    return this.#lone.hasPutOff || this.options.clock.now() < this.#putOffUntil;
  }

  get processes(): ProcessStatus[] {
    return this.#all.map(({ status }) => status);
  }

  /** Spreads jobs over the processes that have room, always giving to the one that has the least to do. */
  assign(jobs: readonly Job[]): void {
    const shares = [...this.#shared].map((process) => ({
      process,
      room: this.#roomIn(process),
      jobs: [] as Job[],
    }));
    for (const job of jobs) {
      const isolation = this.#isolationOf(job);
      if (isolation === "none") this.#assignInline(job);
      else if (isolation === "job" || job.crashes > 0) this.#lone.add(job);
      else {
        const open = shares.filter((share) => share.jobs.length < share.room);
        const load = ({ process, jobs }: (typeof shares)[number]) => process.load + jobs.length;
        const [least] = open.sort((a, b) => load(a) - load(b));
        if (least) least.jobs.push(job);
        else this.options.settle(released(job, "the processes that had room for it are gone or busy"));
      }
    }
    for (const { process, jobs } of shares) if (jobs.length > 0) process.assign(jobs);
    this.#lone.run();
  }

  /** Ends a job from outside. Returns whether it is here. */
  cancel(id: string, reason: string): boolean {
    return this.#all.some((process) => process.cancel(id, reason));
  }

  /** Takes no more jobs and gives back those that have not begun. */
  stop(): void {
    this.#stopped = true;
    this.#lone.releaseWaiting();
    for (const process of this.#all) process.recall();
  }

  holds(id: string): boolean {
    return this.#lone.holds(id) || this.#all.some((process) => process.holds(id));
  }

  /** Gives everything back: kills the processes that have jobs. */
  interrupt(): void {
    this.#lone.releaseWaiting();
    for (const process of this.#all) if (process.load > 0) process.kill();
  }

  close(): void {
    this.#stopped = true;
    for (const process of this.#all) process.kill();
  }

  get #all(): ProcessHandle[] {
    const others = [this.#inline, this.#spare].filter((process) => process !== null);
    return [...this.#shared, ...this.#retiring, ...this.#lone.all, ...others];
  }

  get #inlineConcurrency(): number {
    return this.options.size * this.options.concurrency;
  }

  #isolationOf({ task }: Job): Isolation {
    const { facts, isolation } = this.options;
    return facts.get(task)?.isolation ?? isolation.get(task) ?? "shared";
  }

  #assignInline(job: Job): void {
    const own = {
      concurrency: this.#inlineConcurrency,
      spawn: spawnInline(this.options.hooks),
      maxMemory: null,
    };
    this.#inline ??= this.#start({ ...this.options, ...own });
    this.#inline?.assign([job]);
  }

  #place(process: ProcessHandle | null): void {
    if (process) this.#shared.add(process);
    else this.#replace(false);
  }

  /** The spare process if it is ready, else a new one. Where one was needed, another may be soon. */
  #take(): ProcessHandle | null {
    const spare = this.#spare?.ready ? this.#spare : null;
    if (spare) this.#spare = null;
    this.options.clock.after(sparePause, () => {
      if (!this.#stopped) this.#spare ??= this.#start(this.options);
    });
    return spare ?? this.#start(this.options);
  }

  /** `null` if the system gives no more processes or memory. */
  #start(options: ProcessOptions): ProcessHandle | null {
    const { emit } = this.options;
    try {
      const process = new ProcessHandle(options, this.#listener);
      emit({ type: "process-started", pid: process.pid });
      return process;
    } catch (error) {
      emit({ type: "process-failed", error });
      return null;
    }
  }

  #roomIn(process: ProcessHandle): number {
    if (!process.ready || this.#stopped) return 0;
    const { concurrency } = this.options;
    const full = process.busy || process.bytes >= claimBytes || process.meanDuration === null;
    const prefetch = full || this.#lone.isolated > 0 ? 0 : this.#prefetch(process.meanDuration!);
    const waiting = process.load - concurrency;
    const room = waiting < 0 || waiting < prefetch / 2 ? concurrency + prefetch - process.load : 0;
    return Math.min(room, process.left);
  }

  #prefetch(meanDuration: number): number {
    return Math.min(longestPrefetch, Math.floor((this.options.concurrency * prefetchFor) / meanDuration));
  }

  #report(process: ProcessHandle, assigned: Assigned, report: Report): void {
    this.options.settle(afterReport(assigned, report, this.#here(process)));
    if (this.#lone.has(process)) this.#lone.next(process);
    this.options.changed();
  }

  /** Its place is another's at once, whatever it has left to do. */
  #retire(process: ProcessHandle): void {
    if (!this.#shared.delete(process)) return;
    this.#retiring.add(process);
    if (!this.#stopped) this.#place(this.#take());
  }

  #died(process: ProcessHandle, death: Death): void {
    const { emit, settle, random, changed, facts } = this.options;
    const { how, killed, assigned } = death;
    for (const each of assigned) {
      const policy = facts.get(each.job.task)?.retry ?? retryPolicy(undefined);
      const retryIn = retryDelay(policy, each.job.attempt, null, random);
      settle(afterDeath(each, death, retryIn, this.#here(process)));
    }
    if (!death.wasReady) this.#putOffUntil = this.options.clock.now() + startPause + 1;
    const { pid } = process;
    if (killed && death.wasReady && assigned.length === 0) emit({ type: "process-ended", pid });
    else emit({ type: "process-died", pid, how, reason: reasonOf(death), killed, jobs: assigned.length });
    if (process === this.#inline) this.#inline = null;
    if (process === this.#spare) this.#spare = null;
    if (!this.#lone.died(process) && !this.#retiring.delete(process) && this.#shared.delete(process))
      this.#replace(death.wasReady);
    changed();
  }

  #here({ pid }: ProcessHandle): Place {
    const { worker, sources, clock } = this.options;
    return { worker, sources, pid, now: clock.now() };
  }

  /** At once, unless processes die before they are ready: then with growing pauses. */
  #replace(wasReady: boolean): void {
    if (this.#stopped) return;
    if (wasReady) return this.#place(this.#take());
    const delay = Math.min(respawnDelay.longest, respawnDelay.first * 2 ** this.#failedStarts++);
    this.options.clock.after(delay, () => {
      if (!this.#stopped) this.#place(this.#start(this.options));
    });
  }
}
