import type { Clock } from "../clock.ts";
import { formatDuration } from "../duration.ts";
import type { Job } from "../job.ts";
import type { RetryPolicy } from "../retry.ts";
import type { Thrown } from "../thrown.ts";
import { Alarm } from "./alarm.ts";
import { type Assigned, assignmentOf, type Death, executionOf, isUnheard, type Stop } from "./assigned.ts";
import type { FromProcess, Report } from "./protocol.ts";
import type { Spawn, Spawned } from "./spawn.ts";

export interface ProcessOptions {
  clock: Clock;
  spawn: Spawn;
  /** The folder in which the process runs. */
  root: string;
  /** The file of each task. */
  files: ReadonlyMap<string, string>;
  environment: Record<string, string>;
  concurrency: number;
  /** The largest result in bytes. */
  sizeLimit: number;
  /** Milliseconds between the abort of a job's signal and the kill of its process. */
  killGrace: number;
}

/** Called by a process about itself. */
export interface ProcessListener {
  ready(process: ProcessHandle): void;
  report(process: ProcessHandle, assigned: Assigned, report: Report): void;
  /** It gave these jobs back, unbegun. */
  returned(process: ProcessHandle, jobs: Job[]): void;
  died(process: ProcessHandle, death: Death): void;
  loaded(task: string, retry: RetryPolicy): void;
  log(job: Job, text: string): void;
}

/** A process that has not said that it is ready by then is given up. */
const readyWithin = 10_000;

/** A job that executes for longer than this must not hold up those behind it in the process. */
const recallAfter = 50;

/** How long a job waits in a process at most, and how much longer the worker waits to hear of it. */
const beginWithin = 1_000;
const beginMargin = 250;

/** A job that is asked to end hears of it within this time, unless something holds its process up. */
const toldWithin = 250;

/** The worker's hold on one process: what it was given, since when it executes that, when it must end. */
export class ProcessHandle {
  readonly #assigned = new Map<string, Assigned>();
  readonly #process: Spawned;
  readonly #alarm: Alarm;
  #ready = false;
  #killed = false;
  #given = 0;
  #recalling = false;
  #meanDuration: number | null = null;
  #bytes = 0;
  #spoiled = false;
  #uncaught: Thrown | null = null;

  constructor(
    private readonly options: ProcessOptions,
    private readonly listener: ProcessListener,
  ) {
    this.#alarm = new Alarm(options.clock, () => this.#look());
    this.#process = options.spawn({
      root: options.root,
      environment: options.environment,
      received: (message) => this.#receive(message),
      exited: (how) => this.#exited(how),
    });
    this.#alarm.set(options.clock.now() + readyWithin);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Whether it can be given jobs. */
  get ready(): boolean {
    return this.#ready && !this.#killed && !this.#spoiled;
  }

  /** How many jobs it has, those that wait in it included. */
  get load(): number {
    return this.#assigned.size;
  }

  /** How many bytes of input its jobs have. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The running mean of the milliseconds that its jobs take, `null` before the first has ended. */
  get meanDuration(): number | null {
    return this.#meanDuration;
  }

  /** Whether its first job has executed for so long that others must not be put behind it. */
  get busy(): boolean {
    const first = this.#executing().next().value;
    return !!first && this.options.clock.now() - first.startedAt! > recallAfter;
  }

  holds(id: string): boolean {
    return this.#executionOf(id) !== undefined;
  }

  assign(jobs: readonly Job[]): void {
    const beginBy = this.options.clock.now() + beginWithin;
    for (const job of jobs) {
      this.#assigned.set(executionOf(job), { job, startedAt: null, beginBy, stop: null });
      this.#bytes += job.input.length;
    }
    this.#given += jobs.length;
    if (this.#ready) this.#hand(jobs, beginBy);
  }

  /** Asks for the jobs that have not begun. */
  recall(): void {
    if (this.#recalling || !this.#ready || this.#assigned.size === 0) return;
    this.#recalling = true;
    this.#process.send({ type: "recall" });
  }

  /** Ends one of its jobs: by its signal, and after the grace by killing the process. Returns whether it has it. */
  stop(id: string, kind: Stop["kind"], reason: string): boolean {
    const execution = this.#executionOf(id);
    const assigned = execution && this.#assigned.get(execution);
    if (!assigned) return false;
    if (assigned.stop) return true;
    const askedAt = this.options.clock.now();
    const killAt = askedAt + this.options.killGrace;
    assigned.stop = { kind, reason, askedAt, killAt, told: "not yet" };
    this.#process.send({
      type: "abort",
      execution,
      name: kind === "timeout" ? "TimeoutError" : "AbortError",
      reason,
    });
    this.#alarm.set(killAt);
    return true;
  }

  kill(): void {
    this.#killed = true;
    this.#process.kill();
  }

  #hand(jobs: readonly Job[], beginBy: number): void {
    this.#process.send({
      type: "run",
      beginBy,
      jobs: jobs.map(assignmentOf),
    });
    this.#noteStarts();
  }

  #receive(message: FromProcess): void {
    switch (message.type) {
      case "ready":
        if (!this.#ready) this.#start();
        return;
      case "report":
        return this.#report(message.report);
      case "returned":
        return this.#returned(message.executions);
      case "aborted": {
        const stop = this.#assigned.get(message.execution)?.stop;
        if (stop) stop.told = this.options.clock.now() - stop.askedAt > toldWithin ? "late" : "in time";
        return;
      }
      case "spoiled":
        this.#spoiled = true;
        return this.recall();
      case "uncaught":
        this.#uncaught = message.error;
        return;
      case "loaded":
        return this.listener.loaded(message.task, message.retry);
      case "log": {
        const assigned = this.#assigned.get(message.execution);
        if (assigned) this.listener.log(assigned.job, message.text);
      }
    }
  }

  #start(): void {
    const { files, concurrency, sizeLimit } = this.options;
    this.#ready = true;
    this.#process.send({ type: "start", files, concurrency, sizeLimit });
    const jobs = [...this.#assigned.values()].map(({ job }) => job);
    if (jobs.length > 0) this.#hand(jobs, this.options.clock.now() + beginWithin);
    this.listener.ready(this);
  }

  #report(report: Report): void {
    const assigned = this.#take(report.execution);
    if (!assigned) return;
    // With no other job before or beside it, whatever held its process up was its own.
    if (assigned.stop?.told === "late" && this.#given === 1) assigned.stop.told = "in time";
    if ("duration" in report) {
      const { duration } = report;
      this.#meanDuration = (this.#meanDuration ?? duration) * 0.9 + duration * 0.1;
    }
    this.#noteStarts();
    this.listener.report(this, assigned, report);
    this.#retireIfSpoiled();
  }

  #returned(executions: readonly string[]): void {
    this.#recalling = false;
    const jobs = executions.flatMap((execution) => this.#take(execution)?.job ?? []);
    this.#noteStarts();
    this.listener.returned(this, jobs);
    this.#retireIfSpoiled();
  }

  #take(execution: string): Assigned | undefined {
    const assigned = this.#assigned.get(execution);
    if (assigned) this.#bytes -= assigned.job.input.length;
    this.#assigned.delete(execution);
    return assigned;
  }

  #executionOf(id: string): string | undefined {
    return this.#assigned.keys().find((execution) => execution.startsWith(`${id}:`));
  }

  #retireIfSpoiled(): void {
    if (this.#spoiled && this.#assigned.size === 0) this.kill();
  }

  #exited(how: string): void {
    this.#alarm.cancel();
    this.listener.died(this, {
      how,
      uncaught: this.#uncaught,
      killed: this.#killed,
      wasReady: this.#ready,
      alone: this.#given === 1,
      blocked: this.#given > 1 && this.#executing().some(isUnheard(this.options.clock.now())),
      assigned: [...this.#assigned.values()],
    });
  }

  /** A process executes the first `concurrency` of its jobs. */
  *#executing(): Generator<Assigned> {
    let left = this.options.concurrency;
    for (const assigned of this.#assigned.values()) {
      if (left-- === 0) return;
      yield assigned;
    }
  }

  /** A process in a long loop cannot answer a recall. It will not begin these any more, so others may. */
  #takeBackUnbegun(now: number): void {
    const late = [...this.#assigned.values()].filter((assigned) => {
      return assigned.startedAt === null && assigned.beginBy + beginMargin < now;
    });
    if (late.length > 0) this.#returned(late.map(({ job }) => executionOf(job)));
  }

  #noteStarts(): void {
    const now = this.options.clock.now();
    for (const assigned of this.#executing()) {
      if (assigned.startedAt !== null) continue;
      assigned.startedAt = now;
      if (assigned.stop) this.#alarm.set(assigned.stop.killAt);
      if (assigned.job.timeout !== null) this.#alarm.set(now + assigned.job.timeout);
    }
    if (this.#assigned.size > this.options.concurrency) this.#alarm.set(now + recallAfter);
  }

  #look(): void {
    const now = this.options.clock.now();
    if (!this.#ready) return this.kill();
    for (const assigned of this.#executing()) {
      const { job, startedAt, stop } = assigned;
      if (stop) {
        if (stop.killAt <= now) return this.kill();
        this.#alarm.set(stop.killAt);
      } else if (job.timeout !== null) {
        if (startedAt! + job.timeout > now) this.#alarm.set(startedAt! + job.timeout);
        else this.stop(job.id, "timeout", `the job's timeout of ${formatDuration(job.timeout)} is over`);
      }
    }
    if (this.#assigned.size > this.options.concurrency) {
      if (this.busy) this.recall();
      this.#takeBackUnbegun(now);
      this.#alarm.set(now + recallAfter);
    }
  }
}
