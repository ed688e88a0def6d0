import { hostname } from "node:os";
import { hasCode } from "../errors.ts";
import type { WorkerRecord } from "../storage/storage.ts";
import { firstBatch, sortOut } from "./intake.ts";
import { Loop } from "./loop.ts";
import { released, type Verdict } from "./outcome.ts";
import { Pool } from "./pool.ts";
import { Reconciler } from "./reconciler.ts";
import { Retention } from "./retention.ts";
import { Scheduler } from "./scheduler.ts";
import type { WorkerSettings } from "./settings.ts";

/** How long a stopping worker waits for a storage that fails. */
const settlePatience = 5_000;

/**
 * Claims due jobs, feeds them to its processes and settles what became of them. It never loads user code.
 *
 * Its loops: work (settle, claim, sleep until something is due), heartbeat (renew the lease, recover the jobs of dead
 * workers, hear of cancellations), scheduler, reconciler (of schedules with the sources) and retention (delete finished
 * jobs).
 */
export class Worker {
  readonly id: string;
  readonly #startedAt: number;
  readonly #pool: Pool;
  readonly #work: Loop;
  readonly #heartbeat: Loop;
  readonly #scheduler: Scheduler;
  readonly #reconciler: Reconciler;
  readonly #retention: Retention;
  readonly #stopped = Promise.withResolvers<void>();
  /** What became of jobs, until it is recorded. */
  #verdicts: Verdict[] = [];
  #turn = 0;
  /** How many live workers were started before this one. */
  #rank = 0;
  /** 0 before the first heartbeat. */
  #leaseUntil = 0;
  /** Whoever was silent itself must not judge the silence of others before they could be heard again. */
  #recoversFrom = 0;
  /** How many jobs the storage counts as this worker's, if that is more than it knows of. */
  #heldUnknown = 0;
  #stopping = false;
  #finished = false;
  #giveUpAt = Number.POSITIVE_INFINITY;
  /** When the storage began to fail, `null` while it works. */
  #failingSince: number | null = null;
  #stopListening: ((unused: boolean) => void) | null = null;
  /** Whether the storage has called since the last claim began. */
  #isWoken = false;

  constructor(private readonly settings: WorkerSettings) {
    const { storage, clock, lease, project, describe } = settings;
    const storageFailed = (error: unknown, retryIn: number) => this.#storageFailed(error, retryIn);
    this.#startedAt = clock.now();
    this.id = Bun.randomUUIDv7("hex", this.#startedAt);
    this.#work = new Loop(clock, () => this.step(), storageFailed);
    this.#heartbeat = new Loop(clock, () => this.beat(), storageFailed);
    const loop = { storage, clock, emit: settings.emit, failed: storageFailed };
    this.#scheduler = new Scheduler({ ...loop, random: settings.random, rank: () => this.#rank });
    const ready = () => this.#work.wake();
    this.#reconciler = new Reconciler({ ...loop, worker: this.id, project, describe, every: lease, ready });
    this.#retention = new Retention({ storage, clock, every: lease, failed: storageFailed });
    this.#pool = new Pool({
      ...settings,
      worker: this.id,
      settle: (verdict) => void this.#verdicts.push(verdict),
      changed: () => this.#work.wake(),
    });
  }

  /** Resolves when the worker has stopped. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /**
   * Begins to work. A storage that cannot be reached is waited for.
   * @throws StorageError if it can be reached but not used.
   */
  async start(): Promise<void> {
    const { storage, clock, emit, files, size } = this.settings;
    try {
      for (const text of await storage.check(clock.now())) emit({ type: "warning", text });
    } catch (error) {
      if (!hasCode(error, "STORAGE_UNAVAILABLE")) throw error;
      this.#storageFailed(error, 0);
    }
    this.#heartbeat.wake();
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
    this.#giveUpAt = Math.min(this.#giveUpAt, clock.now() + grace + settlePatience);
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

  /** One turn of work. Returns when the next is due unless it is woken before, `null` if only then. */
  async step(): Promise<number | null> {
    await this.#settle();
    const { storage, clock, drain, files } = this.settings;
    if (this.#stopping) {
      if (this.#pool.load === 0 && this.#verdicts.length === 0) await this.#finish();
      return this.#soonIfUnsettled();
    }
    if (this.#heldUnknown > 0) await this.#releaseUnknown();
    const { room } = this.#pool;
    if (room === 0 || clock.now() >= this.#leaseUntil) {
      this.#listen(false);
      return this.#soonIfUnsettled();
    }

    this.#isWoken = false;
    const queues = await this.#queuesInTurn();
    const jobs = await storage.claim(this.id, queues, room, clock.now());
    const place = { worker: this.id, pid: process.pid, now: clock.now() };
    const { runnable, verdicts } = sortOut(jobs, files, place);
    this.#verdicts.push(...verdicts);
    this.#pool.assign(runnable);
    const isFull = jobs.length === room;
    const listenedBefore = this.#listen(!isFull);
    if (isFull) return this.#soonIfUnsettled();
    // Of what came between the claim and now it has not heard.
    if (!listenedBefore) {
      this.#scheduler.wake();
      return clock.now();
    }
    const next = await storage.nextRunAt(queues);
    const idle = this.#pool.load === 0 && this.#verdicts.length === 0;
    const nothingDue = (next === null || next > clock.now()) && !this.#pool.hasPutOff;
    const mayEnd = drain && this.#reconciler.isReady && idle && nothingDue;
    if (mayEnd && !(await this.#scheduler.hasDue())) {
      // Its next run may be as short again.
      await this.#retention.trimAll();
      void this.stop(0);
    }
    return this.#soonIfUnsettled() ?? next;
  }

  /** Renews the lease. Returns when to do so next. */
  async beat(): Promise<number> {
    const { storage, clock, lease, emit } = this.settings;
    const now = clock.now();
    if (this.#leaseUntil > 0 && now >= this.#leaseUntil) {
      this.#recoversFrom = now + lease;
      // Others may be running its jobs by now: what still executes here would execute beside them.
      if (this.#pool.load > 0) emit({ type: "lease-lost" });
      this.#pool.interrupt();
    }
    const { running, cancel } = await storage.heartbeat(this.#record(now, now + lease));
    if (this.#failingSince !== null) {
      const after = clock.now() - this.#failingSince;
      emit({ type: "storage-back", after });
      this.#failingSince = null;
      // The others could not be heard either, and may hold what they have yet to record.
      if (this.#leaseUntil === 0 || after > lease / 3) this.#recoversFrom = clock.now() + lease;
    }
    this.#leaseUntil = now + lease;
    for (const id of cancel) this.#pool.cancel(id);
    this.#heldUnknown = running > this.#pool.load + this.#verdicts.length ? running : 0;
    if (now >= this.#recoversFrom) {
      const recovered = await storage.recover(now);
      if (recovered.length > 0) emit({ type: "recovered", ids: recovered });
    }
    this.#rank = (await storage.workers()).filter(({ id, leaseUntil }) => {
      return id < this.id && leaseUntil > now;
    }).length;
    this.#work.wake();
    this.#scheduler.wake();
    return now + lease / 3;
  }

  async #settle(): Promise<void> {
    const verdicts = firstBatch(this.#verdicts);
    if (verdicts.length === 0) return;
    const { storage, clock, emit } = this.settings;
    const outcomes = verdicts.map(({ outcome }) => outcome);
    const applied = await storage.settle(this.id, outcomes, clock.now());
    this.#verdicts = this.#verdicts.slice(verdicts.length);
    for (const [index, { job, outcome, event }] of verdicts.entries()) {
      if (applied[index]) {
        this.#retention.settled(job, outcome.kind);
        if (event) emit(event);
      } else emit({ type: "refused", id: job.id });
    }
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

  #soonIfUnsettled(): number | null {
    return this.#verdicts.length > 0 ? this.settings.clock.now() : null;
  }

  /** In turn, so that a queue with much to do does not starve the others. */
  async #queuesInTurn(): Promise<string[]> {
    const { queues, storage } = this.settings;
    const names = queues ?? (await storage.queues()).map(({ name }) => name);
    const first = names.length > 0 ? this.#turn++ % names.length : 0;
    return [...names.slice(first), ...names.slice(0, first)];
  }

  /**
   * Gives back jobs that the storage counts as this worker's but that it has never heard of, because the answer to
   * its claim was lost. Part of the work loop, where no claim or settle is under way.
   */
  async #releaseUnknown(): Promise<void> {
    const limit = this.#heldUnknown;
    this.#heldUnknown = 0;
    const held = await this.settings.storage.list({ state: "running", worker: this.id }, { limit });
    const known = new Set(this.#verdicts.map(({ outcome }) => outcome.id));
    const unknown = held.filter(({ id }) => !known.has(id) && !this.#pool.holds(id));
    for (const job of unknown) this.#verdicts.push(released(job, "the answer to its claim was lost"));
    await this.#settle();
  }

  async #finish(): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    const { storage, clock, emit } = this.settings;
    this.#work.stop();
    this.#heartbeat.stop();
    this.#listen(false);
    this.#pool.close();
    // Frees at once what it may hold without knowing; if it fails, the end of the lease does the same later.
    await storage
      .heartbeat(this.#record(clock.now(), clock.now()))
      .catch((error) => emit({ type: "storage-error", error, retryIn: Number.POSITIVE_INFINITY }));
    emit({ type: "stopped", unrecorded: this.#verdicts.length });
    this.#stopped.resolve();
  }

  #storageFailed(error: unknown, retryIn: number): void {
    const { emit, clock } = this.settings;
    if (hasCode(error, "LEASE_LOST")) {
      this.#leaseUntil = clock.now();
      this.#heartbeat.wake();
    }
    this.#failingSince ??= clock.now();
    const hasNothingLeft = this.#stopping && this.#pool.load === 0;
    if (hasNothingLeft) this.#giveUpAt = Math.min(this.#giveUpAt, clock.now() + settlePatience);
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
      leaseUntil,
    };
  }
}
