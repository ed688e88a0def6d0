import type { Clock } from "../clock.ts";
import type { Storage } from "../storage/storage.ts";
import type { Assigned } from "./assigned.ts";
import { Loop } from "./loop.ts";

export interface NoteTakerOptions {
  storage: Storage;
  clock: Clock;
  worker: string;
  /** The jobs that have said something since. */
  noted(): Assigned[];
  failed(error: unknown, retryIn: number): void;
}

/** Milliseconds between two notes of the same worker, and how many jobs one takes in. */
const every = 1_000;
const batch = 100;

/** Keeps what running jobs say in the storage, for others to see. What they said last is settled with them. */
export class NoteTaker {
  readonly #loop: Loop;
  #nextAt = 0;

  constructor(private readonly options: NoteTakerOptions) {
    this.#loop = new Loop(options.clock, () => this.step(), options.failed);
  }

  /** To be called when a job has said something. */
  wake(): void {
    this.#loop.wake();
  }

  stop(): void {
    this.#loop.stop();
  }

  /** Returns when to do so again, `null` if nothing is left to be noted. */
  async step(): Promise<number | null> {
    const { storage, clock, worker, noted } = this.options;
    if (clock.now() < this.#nextAt) return this.#nextAt;
    const all = noted();
    if (all.length === 0) return null;
    const some = all.slice(0, batch);
    const notes = some.map(({ job, notes }) => ({ id: job.id, claims: job.claims, notes: notes!.encoded() }));
    for (const { notes } of some) notes!.isNew = false;
    try {
      await storage.note(worker, notes);
    } catch (error) {
      for (const { notes } of some) notes!.isNew = true;
      throw error;
    }
    this.#nextAt = clock.now() + every;
    return this.#nextAt;
  }
}
