import { hostname } from "node:os";
import { hasCode } from "../errors.ts";
import type { Held, WorkerRecord } from "../storage/storage.ts";
import { Claims } from "./claims.ts";
import { HookRunner } from "./hook-runner.ts";
import { sortOut } from "./intake.ts";
import { Lease } from "./lease.ts";
import { Loop } from "./loop.ts";
import { NoteTaker } from "./note-taker.ts";
import { released } from "./outcome.ts";
import { Pool } from "./pool.ts";
import type { TaskFacts } from "./protocol.ts";
import { Reconciler } from "./reconciler.ts";
import { Retention } from "./retention.ts";
import { Scheduler } from "./scheduler.ts";
import type { WorkerSettings } from "./settings.ts";
import type { WorkerStatus } from "./status.ts";
import { Verdicts } from "./verdicts.ts";

/** How long a stopping worker waits for a storage that fails, and for hooks that have yet to run. */
const patience = 5_000;

/** A worker shows that it is well by asking for jobs, however long its lease is. */
const longestIdle = 20_000;

/**
 * Claims due jobs, feeds them to its processes and settles what became of them. It never loads user code.
 *
 * Its loops: work (settle, claim, sleep until something is due), lease, notes (of what jobs say), scheduler, reconciler
 * (of schedules with the sources) and retention.
 */
export class Worker {
  readonly id: string;
  readonly #startedAt: number;
  readonly #pool: Pool;
  readonly #claims: Claims;
  readonly #verdicts: Verdicts;
  readonly #work: Loop;
  readonly #lease: Lease;
  readonly #notes: NoteTaker;
  readonly #hooks: HookRunner;
  readonly #scheduler: Scheduler;
  readonly #reconciler: Reconciler;
  readonly #retention: Retention;
  readonly #stopped = Promise.withResolvers<void>();
  /** Resolves when the worker has stopped. */
  readonly stopped = this.#stopped.promise;
  /** When it last had as many jobs as it wanted, none once it is stopping, or as there were. */
  #claimedAt: number | null = null;
  /** How many jobs the storage counts as this worker's, if that is more than it knows of. */
  #heldUnknown = 0;
  #stopping = false;
  #finished = false;
  #giveUpAt = Number.POSITIVE_INFINITY;
  #stopListening: ((unused: boolean) => void) | null = null;
  /** Whether the storage has called since the last claim began. */
  #isWoken = false;

  constructor(private readonly settings: WorkerSettings) {
    const { storage, clock, lease, project, describe } = settings;
    const storageFailed = (error: unknown, retryIn: number) => this.#storageFailed(error, retryIn);
    this.#startedAt = clock.now();
    this.id = Bun.randomUUIDv7("hex", this.#startedAt);
    this.#work = new Loop(clock, () => this.step(), storageFailed);
    const loop = { storage, clock, emit: settings.emit, failed: storageFailed };
    this.#lease = new Lease({
      ...loop,
      worker: this.id,
      length: lease,
      record: (seenAt, leaseUntil) => this.#record(seenAt, leaseUntil),
      renewed: (held) => this.#renewed(held),
      lost: () => this.#leaseLost(),
    });
    this.#scheduler = new Scheduler({ ...loop, random: settings.random, rank: () => this.#lease.rank });
    const ready = () => this.#work.wake();
    this.#reconciler = new Reconciler({ ...loop, worker: this.id, project, describe, every: lease, ready });
    this.#retention = new Retention({ storage, clock, every: lease, failed: storageFailed });
    const { queues, sources } = settings;
    const tasks = [...settings.files.keys()];
    this.#claims = new Claims({ ...loop, worker: this.id, queues, tasks, sources, parkedEvery: lease / 3 });
    const facts = new Map<string, TaskFacts>();
    this.#hooks = new HookRunner({ ...settings, facts });
    this.#verdicts = new Verdicts({
      ...loop,
      worker: this.id,
      settled: (verdict) => {
        this.#retention.settled(verdict.job, verdict.outcome.kind);
        this.#hooks.settled(verdict);
      },
    });
    this.#pool = new Pool({
      ...settings,
      facts,
      worker: this.id,
      began: ({ job }) => this.#hooks.started(job),
      settle: (verdict) => this.#verdicts.add(verdict),
      changed: () => this.#work.wake(),
      noted: () => this.#notes.wake(),
    });
    this.#notes = new NoteTaker({ ...loop, worker: this.id, noted: () => this.#pool.noted });
  }

  /**
   * Begins to work. A storage that cannot be reached is waited for.
   * @throws StorageError if it can be reached but not used.
   */
  async start(): Promise<void> {
    const { storage, clock, emit, files, size } = this.settings;
    try {
      const { warnings } = await storage.check(clock.now());
      for (const text of warnings) emit({ type: "warning", text });
    } catch (error) {
      if (!hasCode(error, "STORAGE_UNAVAILABLE")) {
        this.#pool.close();
        throw error;
      }
      this.#storageFailed(error, 0);
    }
    this.#lease.start();
    this.#retention.start();
    void this.#reconciler.start();
    emit({ type: "started", worker: this.id, tasks: files.size, processes: size });
  }

  /**
   * Claims no more, lets running jobs end within `grace` milliseconds, releases the rest and settles everything.
   * Resolves when that is done. Called again, it can shorten the grace.
   */
  stop(grace: number): Promise<void> {
    const { clock, emit } = this.settings;
    this.#giveUpAt = Math.min(this.#giveUpAt, clock.now() + grace + patience);
    const callOff = clock.after(grace, () => this.#pool.interrupt());
    if (!this.#stopping) {
      this.#stopping = true;
      emit({ type: "stopping" });
      this.#listen(false);
      this.#pool.stop();
      this.#scheduler.stop();
      this.#reconciler.stop();
      this.#retention.stop();
      this.#work.wake();
    }
    return this.stopped.finally(callOff);
  }

  /** How it is at this moment. */
  get status(): WorkerStatus {
    return {
      startedAt: this.#startedAt,
      claimedAt: this.#claimedAt,
      hasLease: this.#lease.isHeld,
      isStopping: this.#stopping,
      processes: this.#pool.processes,
    };
  }

  /** One turn of work. Returns when the next is due unless it is woken before, `null` if only then. */
  async step(): Promise<number | null> {
    await this.#verdicts.settle();
    const { storage, clock, drain, files, sources } = this.settings;
    if (this.#stopping) {
      this.#claimedAt = clock.now();
      if (this.#pool.load === 0 && this.#verdicts.count === 0) await this.#finish();
      return this.#soonIfUnsettled();
    }
    if (this.#heldUnknown > 0) await this.#releaseUnknown();
    const { room } = this.#pool;
    if (room === 0) this.#claimedAt = clock.now();
    if (room === 0 || !this.#lease.isHeld) {
      this.#listen(false);
      return this.#soonIfUnsettled() ?? this.#inAWhile;
    }

    this.#isWoken = false;
    const { jobs, queues } = await this.#claims.next(room);
    this.#claimedAt = clock.now();
    if (!this.#lease.isHeld) {
      this.#verdicts.add(...jobs.map((job) => released(job, "its worker's lease ended before it began")));
      return this.#soonIfUnsettled();
    }
    const place = { worker: this.id, sources, pid: process.pid, now: clock.now() };
    const { runnable, verdicts } = sortOut(jobs, files, place);
    this.#verdicts.add(...verdicts);
    this.#pool.assign(runnable);
    const isFull = jobs.length === room;
    const listenedBefore = this.#listen(!isFull);
    if (isFull) return this.#soonIfUnsettled() ?? this.#inAWhile;
    // Of what came between the claim and now it has not heard.
    if (!listenedBefore) {
      this.#scheduler.wake();
      return clock.now();
    }
    const next = await storage.nextRunAt(queues);
    const idle = this.#pool.load === 0 && this.#verdicts.count === 0;
    const nothingDue = (next === null || next > clock.now()) && !this.#pool.hasPutOff;
    const mayEnd = drain && this.#reconciler.isReady && idle && nothingDue;
    if (mayEnd && !(await this.#scheduler.hasDue())) {
      // Its next run may be as short again.
      await this.#retention.trimAll();
      void this.stop(0);
    }
    return this.#soonIfUnsettled() ?? Math.min(next ?? Number.POSITIVE_INFINITY, this.#inAWhile);
  }

  #renewed({ running, cancel }: Held): void {
    for (const { id, reason } of cancel) this.#pool.cancel(id, reason);
    this.#heldUnknown = running > this.#pool.load + this.#verdicts.count ? running : 0;
    this.#work.wake();
    this.#scheduler.wake();
  }

  /** Others may be running its jobs by now: what still executes here would execute beside them. */
  #leaseLost(): void {
    if (this.#pool.load > 0) this.settings.emit({ type: "lease-lost" });
    this.#pool.interrupt();
  }

  /**
   * Listens for new work only while it has room for some: a storage may wake one worker of many, which must then not
   * be one that cannot take it. Returns whether it listened before.
   */
  #listen(wanted: boolean): boolean {
    const { storage, queues } = this.settings;
    const before = this.#stopListening;
    if (wanted) this.#stopListening ??= storage.onWake(queues, () => this.#wake());
    else {
      before?.(this.#isWoken);
      this.#stopListening = null;
    }
    return before !== null;
  }

  #wake(): void {
    this.#isWoken = true;
    this.#work.wake();
    this.#scheduler.wake();
  }

  get #inAWhile(): number {
    return this.settings.clock.now() + longestIdle;
  }

  #soonIfUnsettled(): number | null {
    return this.#verdicts.count > 0 ? this.settings.clock.now() : null;
  }

  /** Gives back what the storage counts as its own but it has never heard of, as the answer to a claim was lost. */
  async #releaseUnknown(): Promise<void> {
    const limit = this.#heldUnknown;
    this.#heldUnknown = 0;
    const held = await this.settings.storage.list({ state: "running", worker: this.id }, { limit });
    const unknown = held.filter(({ id }) => !this.#verdicts.has(id) && !this.#pool.holds(id));
    this.#verdicts.add(...unknown.map((job) => released(job, "the answer to its claim was lost")));
    await this.#verdicts.settle();
  }

  async #finish(): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    const { storage, clock, emit } = this.settings;
    this.#work.stop();
    this.#listen(false);
    this.#pool.close();
    this.#notes.stop();
    await this.#hooks.close(patience);
    this.#lease.stop();
    // Frees at once what it may hold without knowing; if it fails, the end of the lease does the same later.
    await storage
      .heartbeat(this.#record(clock.now(), clock.now()))
      .catch((error) => emit({ type: "storage-error", error, retryIn: Number.POSITIVE_INFINITY }));
    emit({ type: "stopped", unrecorded: this.#verdicts.count });
    this.#stopped.resolve();
  }

  #storageFailed(error: unknown, retryIn: number): void {
    const { emit, clock } = this.settings;
    this.#lease.storageFailed(error);
    const hasNothingLeft = this.#stopping && this.#pool.load === 0;
    if (hasNothingLeft) this.#giveUpAt = Math.min(this.#giveUpAt, clock.now() + patience);
    emit({ type: "storage-error", error, retryIn });
    if (clock.now() >= this.#giveUpAt) void this.#finish();
  }

  #record(seenAt: number, leaseUntil: number): WorkerRecord {
    const { queues, project } = this.settings;
    return {
      id: this.id,
      host: hostname(),
      pid: process.pid,
      queues: queues ?? [],
      project,
      release: this.#reconciler.release,
      startedAt: this.#startedAt,
      seenAt,
      claimedAt: this.#claimedAt,
      leaseUntil,
    };
  }
}
