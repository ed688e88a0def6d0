import type { Job } from "../job.ts";
import { formatSize } from "../size.ts";
import type { Thrown } from "../thrown.ts";
import { type Assigned, AssignedJobs, assignmentOf, executionOf, isUnheard, notebookOf } from "./assigned.ts";
import { Deadlines } from "./deadlines.ts";
import { reportsIn } from "./journal.ts";
import { memoryOf } from "./memory.ts";
import type { ProcessListener, ProcessOptions } from "./process-options.ts";
import type { FromProcess, Report } from "./protocol.ts";
import type { Spawned } from "./spawn.ts";
import type { ProcessStatus } from "./status.ts";

/** The worker's hold on one process: what it was given, what it executes of that, when it is to end. */
export class ProcessHandle {
  readonly #jobs: AssignedJobs;
  readonly #deadlines: Deadlines;
  readonly #process: Spawned;
  readonly #startedAt: number;
  #isReady = false;
  #isKilled = false;
  #isRetiring = false;
  #memorySeen: number | null = null;
  #given = 0;
  #reported = 0;
  #isRecalling = false;
  #meanDuration: number | null = null;
  #uncaught: Thrown | null = null;

  constructor(
    private readonly options: ProcessOptions,
    private readonly listener: ProcessListener,
  ) {
    this.#startedAt = options.clock.now();
    this.#jobs = new AssignedJobs(options.concurrency);
    this.#process = options.spawn({
      root: options.root,
      environment: options.environment,
      maxMemory: options.maxMemory,
      received: (message) => this.#receive(message),
      exited: (how, isOutOfMemory) => this.#exited(how, isOutOfMemory),
    });
    this.#deadlines = new Deadlines(options, this.#jobs, {
      abort: ({ job }, name, reason) =>
        this.#process.send({ type: "abort", execution: executionOf(job), name, reason }),
      catchUp: () => this.#process.catchUp(),
      kill: () => this.kill(),
      recall: () => this.recall(),
      takeBack: (unbegun) => this.#returned(unbegun.map(({ job }) => executionOf(job))),
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Whether it can be given jobs. */
  get ready(): boolean {
    return this.#isReady && !this.#isKilled && !this.#isRetiring;
  }

  /** How many jobs it has, those that wait in it included. */
  get load(): number {
    return this.#jobs.size;
  }

  get status(): ProcessStatus {
    return { pid: this.pid, running: [...this.#jobs.executing()].length, memory: memoryOf(this.pid) };
  }

  /** How many more it may be given before it is used up. */
  get left(): number {
    const { jobs } = this.options.recycle;
    return jobs === null ? Number.POSITIVE_INFINITY : jobs - this.#reported - this.#jobs.size;
  }

  /** How many bytes of input its jobs have. */
  get bytes(): number {
    return this.#jobs.bytes;
  }

  /** The running mean of the milliseconds that its jobs take, `null` before the first has ended. */
  get meanDuration(): number | null {
    return this.#meanDuration;
  }

  /** Whether nothing must be put behind what it executes. */
  get busy(): boolean {
    return this.#deadlines.isHeldUp;
  }

  /** Those of its jobs that have said something that is to be noted. */
  get noted(): Assigned[] {
    return this.#jobs.all.filter(({ notes }) => notes?.isNew);
  }

  holds(id: string): boolean {
    return this.#jobs.of(id) !== undefined;
  }

  assign(jobs: readonly Job[]): void {
    this.#given += jobs.length;
    this.#jobs.add(jobs, this.options.clock.now());
    if (this.#isReady) this.#hand(jobs);
  }

  /** Asks for the jobs that have not begun. */
  recall(): void {
    if (this.#isRecalling || !this.#isReady || this.#jobs.size === 0) return;
    this.#isRecalling = true;
    this.#process.send({ type: "recall" });
  }

  /** Ends one of its jobs for somebody who wants that. Returns whether it has it. */
  cancel(id: string, reason: string): boolean {
    const assigned = this.#jobs.of(id);
    if (assigned) this.#deadlines.stop(assigned, "cancelled", reason);
    return assigned !== undefined;
  }

  /** Gives it no more jobs, and ends it when it has none. */
  retire(): void {
    if (this.#isRetiring) return;
    this.#isRetiring = true;
    this.recall();
    this.listener.retiring(this);
    this.#endIfRetired();
  }

  kill(): void {
    this.#isKilled = true;
    this.#process.kill();
  }

  /** How much memory in bytes it was seen to use. */
  usesMemory(bytes: number): void {
    const { maxMemory, recycle } = this.options;
    if (maxMemory !== null && bytes > maxMemory) {
      this.#memorySeen = bytes;
      this.#process.kill();
    } else if (recycle.memory !== null && bytes > recycle.memory && this.#reported > 0) this.retire();
  }

  #receive(message: FromProcess): void {
    switch (message.type) {
      case "ready":
        return this.#ready();
      case "importing":
      case "began":
      case "aborted":
      case "progress": {
        const assigned = this.#jobs.get(message.execution);
        if (assigned) this.#receiveOf(assigned, message);
        else if (message.type === "importing") this.#drop(message.execution);
        return;
      }
      case "report":
        return this.#report(message.report);
      case "reports":
        for (const report of reportsIn(message.content)) this.#report(report);
        return;
      case "returned":
        return this.#returned(message.executions);
      case "output":
        return this.#print(message.execution, message.lines);
      case "loaded":
        return this.listener.loaded(message.facts);
      case "spoiled":
        return this.retire();
      case "uncaught":
        this.#uncaught = message.error;
    }
  }

  /** It begins with a job after all that was taken back, since it had not begun for so long: others may have it by now. */
  #drop(execution: string): void {
    this.#process.send({ type: "abort", execution, name: "AbortError", reason: "it was taken back" });
  }

  #receiveOf(
    assigned: Assigned,
    message: Extract<FromProcess, { type: "importing" | "began" | "aborted" | "progress" }>,
  ) {
    switch (message.type) {
      case "importing":
        return this.#deadlines.importing(assigned);
      case "began":
        this.listener.began(assigned);
        return this.#deadlines.begin(assigned);
      case "aborted":
        return this.#deadlines.told(assigned);
      case "progress":
        notebookOf(assigned).tell(message.progress);
        return this.listener.noted();
    }
  }

  #print(execution: string | null, lines: readonly string[]): void {
    const assigned = execution === null ? undefined : this.#jobs.get(execution);
    this.listener.output(this, assigned?.job ?? null, lines);
    if (!assigned) return;
    notebookOf(assigned).print(lines, this.options.clock.now());
    this.listener.noted();
  }

  #ready(): void {
    if (this.#isReady) return;
    const { files, config, concurrency, sizeLimit } = this.options;
    this.#isReady = true;
    this.#deadlines.ready();
    this.#process.send({ type: "start", files, config, concurrency, sizeLimit });
    if (this.#jobs.size > 0) this.#hand(this.#jobs.all.map(({ job }) => job));
    this.listener.ready(this);
  }

  #hand(jobs: readonly Job[]): void {
    const sentAt = this.options.clock.now();
    this.#jobs.sent(jobs, sentAt);
    this.#process.send({ type: "run", sentAt, jobs: jobs.map(assignmentOf) });
    this.#deadlines.noteStarts();
  }

  #report(report: Report): void {
    const assigned = this.#jobs.take(report.execution);
    if (!assigned) return;
    this.#reported++;
    // With no other job before or beside it, whatever held its process up was its own.
    if (assigned.stop?.told === "late" && this.#given === 1) assigned.stop.told = "in time";
    if ("duration" in report) {
      const { duration } = report;
      this.#meanDuration = (this.#meanDuration ?? duration) * 0.9 + duration * 0.1;
    }
    this.#deadlines.noteStarts();
    this.listener.report(this, assigned, report);
    if (this.#isUsedUp()) this.retire();
    this.#endIfRetired();
  }

  #isUsedUp(): boolean {
    const { jobs, age } = this.options.recycle;
    const livedFor = this.options.clock.now() - this.#startedAt;
    return (jobs !== null && this.#reported >= jobs) || (age !== null && livedFor >= age);
  }

  #returned(executions: readonly string[]): void {
    this.#isRecalling = false;
    const jobs = executions.flatMap((execution) => this.#jobs.take(execution)?.job ?? []);
    this.#deadlines.noteStarts();
    this.listener.returned(this, jobs);
    this.#endIfRetired();
  }

  #endIfRetired(): void {
    if (this.#isRetiring && this.#jobs.size === 0) this.kill();
  }

  #memoryText(): string {
    const limit = `than its limit of ${formatSize(this.options.maxMemory!)}`;
    if (this.#memorySeen === null) return `it used more memory ${limit}`;
    return `it used ${formatSize(this.#memorySeen)} of memory, more ${limit}`;
  }

  #exited(how: string, isOutOfMemory: boolean): void {
    this.#deadlines.end();
    const isUnheardNow = isUnheard(this.options.clock.now());
    const outOfMemory = isOutOfMemory || this.#memorySeen !== null;
    this.listener.died(this, {
      how: outOfMemory ? this.#memoryText() : how,
      outOfMemory,
      uncaught: this.#uncaught,
      killed: this.#isKilled,
      wasReady: this.#isReady,
      alone: this.#given === 1,
      blocked: this.#given > 1 && this.#jobs.executing().some(isUnheardNow),
      assigned: this.#jobs.all,
    });
  }
}
