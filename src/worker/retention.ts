import type { Clock } from "../clock.ts";
import { type FinalState, finalStates, type Job, keptFor } from "../job.ts";
import type { Finished, Outcome, Storage } from "../storage/storage.ts";
import { Loop } from "./loop.ts";

export interface RetentionOptions {
  storage: Storage;
  clock: Clock;
  /** Milliseconds from one turn to the next. */
  every: number;
  failed(error: unknown, retryIn: number): void;
}

/** How many jobs are deleted at once: the storage can do other work in between. */
const batch = 1_000;

/** How many jobs may end beyond the count before some are deleted. */
const tolerance = (count: number) => Math.max(100, count / 10);

interface Tally {
  queue: string;
  task: string;
  /** How many are kept in each state. */
  count: number;
  ended: Record<FinalState, number>;
}

interface Trim {
  jobs: Finished;
  count: number;
}

/**
 * Deletes finished jobs whose time is over, once a turn, and those beyond the number that is kept: of a task whose jobs
 * this worker ends, each turn, or sooner where many have ended.
 */
export class Retention {
  readonly #loop: Loop;
  /** What ended since this turn began, by queue and task. */
  readonly #tallies = new Map<string, Tally>();
  /** What is to be trimmed now. */
  readonly #due = new Map<string, Trim>();
  #turnAt = 0;

  constructor(private readonly options: RetentionOptions) {
    this.#loop = new Loop(options.clock, () => this.step(), options.failed);
  }

  start(): void {
    this.#loop.wake();
  }

  stop(): void {
    this.#loop.stop();
  }

  /** Hears of each job that was settled. */
  settled(job: Job, outcome: Outcome["kind"]): void {
    if (outcome === "retry" || outcome === "released") return;
    const { queue, task, keepCount } = job;
    if (keepCount === null || keptFor(job, outcome) === 0) return;
    const key = JSON.stringify([queue, task]);
    const { ended } = this.#tallies.get(key) ?? { ended: { succeeded: 0, failed: 0, cancelled: 0 } };
    ended[outcome]++;
    this.#tallies.set(key, { queue, task, count: keepCount, ended });
    if (ended[outcome] <= tolerance(keepCount)) return;
    ended[outcome] = 0;
    this.#schedule({ queue, task, state: outcome }, keepCount);
    this.#loop.wake();
  }

  /** One deletion, so that other work comes between two. Returns when the next is due. */
  async step(): Promise<number> {
    const { storage, clock, every } = this.options;
    const now = clock.now();
    if (now >= this.#turnAt) {
      if ((await storage.prune(now, batch)) < batch) {
        this.#turnAt = now + every;
        this.#scheduleAll();
      }
    } else await this.#trimOne();
    return this.#due.size > 0 ? now : this.#turnAt;
  }

  /** Trims what has not been trimmed yet: for a worker that ends before its turn does. */
  async trimAll(): Promise<void> {
    this.#scheduleAll();
    while (this.#due.size > 0) {
      await this.#trimOne();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #trimOne(): Promise<void> {
    const [next] = this.#due;
    if (!next) return;
    const [key, trim] = next;
    const deleted = await this.options.storage.trim(trim.jobs, trim.count, batch);
    const scheduledAgain = this.#due.get(key) !== trim;
    if (scheduledAgain) return;
    // Where there is more to delete, the others go first.
    this.#due.delete(key);
    if (deleted >= batch) this.#due.set(key, trim);
  }

  /** All states of the tasks, since jobs are also cancelled without a worker. */
  #scheduleAll(): void {
    for (const { queue, task, count } of this.#tallies.values()) {
      for (const state of finalStates) this.#schedule({ queue, task, state }, count);
    }
    this.#tallies.clear();
  }

  #schedule(jobs: Finished, count: number): void {
    this.#due.set(JSON.stringify([jobs.queue, jobs.task, jobs.state]), { jobs, count });
  }
}
