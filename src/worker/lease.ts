import type { Clock } from "../clock.ts";
import { hasCode } from "../errors.ts";
import type { Held, Storage, WorkerRecord } from "../storage/storage.ts";
import type { WorkerEvent } from "./events.ts";
import { Loop } from "./loop.ts";

export interface LeaseOptions {
  storage: Storage;
  clock: Clock;
  worker: string;
  /** How long it lasts, in milliseconds. */
  length: number;
  /** What the storage is to know of the worker. */
  record(seenAt: number, leaseUntil: number): WorkerRecord;
  /** Called after each renewal. */
  renewed(held: Held): void;
  /** Called when it has ended, or is about to be renewed after it had: others may have the worker's jobs by now. */
  lost(): void;
  emit(event: WorkerEvent): void;
  failed(error: unknown, retryIn: number): void;
}

/** Keeps a worker's right to its jobs, and takes the jobs of workers that have lost theirs. */
export class Lease {
  readonly #loop: Loop;
  /** 0 before the first heartbeat. */
  #until = 0;
  #callOffEnd = () => {};
  /** By what it knows that the storage has not forgotten the worker in between; `null` before the first heartbeat. */
  #registeredAt: number | null = null;
  /** Whoever was silent itself must not judge the silence of others before they could be heard again. */
  #recoversFrom = 0;
  readonly #madeAt: number;
  /** When the storage began to fail, `null` while it works. */
  #failingSince: number | null = null;
  /** How many live workers were started before this one. */
  rank = 0;

  constructor(private readonly options: LeaseOptions) {
    this.#madeAt = options.clock.now();
    this.#loop = new Loop(options.clock, () => this.beat(), options.failed);
  }

  start(): void {
    this.#loop.wake();
  }

  stop(): void {
    this.#loop.stop();
    this.#callOffEnd();
  }

  get isHeld(): boolean {
    return this.options.clock.now() < this.#until;
  }

  /** To be called with everything that the storage throws. */
  storageFailed(error: unknown): void {
    const now = this.options.clock.now();
    this.#failingSince ??= now;
    if (!hasCode(error, "LEASE_LOST")) return;
    this.#until = now;
    this.#loop.wake();
  }

  /** Renews the lease. Returns when to do so next. */
  async beat(): Promise<number> {
    const { storage, clock, length, worker, emit } = this.options;
    const now = clock.now();
    if (this.#until > 0 && now >= this.#until) this.#end();
    const held = await storage.heartbeat(this.options.record(now, now + length));
    const isFirst = this.#registeredAt === null;
    const silence = clock.now() - (this.#failingSince ?? (isFirst ? this.#madeAt : now));
    // The others could not be heard either, and may hold what they have yet to record: since when, one who has just come
    // does not know.
    if (isFirst ? silence > length / 10 || this.#failingSince !== null : silence > length / 3) {
      this.#recoversFrom = clock.now() + length;
    }
    if (this.#failingSince !== null) emit({ type: "storage-back", after: silence });
    this.#failingSince = null;
    // By the clocks of others it may have ended.
    if (this.#registeredAt !== null && held.registeredAt !== this.#registeredAt) this.#end();
    this.#registeredAt = held.registeredAt;
    this.#until = now + length;
    this.#callOffEnd();
    this.#callOffEnd = clock.after(Math.max(0, this.#until - clock.now()), () => this.#end());
    this.options.renewed(held);
    if (now >= this.#recoversFrom) {
      const recovered = await storage.recover(now);
      if (recovered.length > 0) emit({ type: "recovered", ids: recovered });
    }
    const others = (await storage.workers()).filter(
      ({ id, leaseUntil }) => id !== worker && leaseUntil > now,
    );
    this.rank = others.filter(({ id }) => id < worker).length;
    // One whose lease ends before the next renewal has missed its own: its jobs need not wait for longer than that.
    const ends = others.map(({ leaseUntil }) => Math.max(leaseUntil, this.#recoversFrom));
    return Math.min(now + length / 3, ...ends);
  }

  #end(): void {
    this.#until = 0;
    this.#recoversFrom = this.options.clock.now() + this.options.length;
    this.options.lost();
  }
}
