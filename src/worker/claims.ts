import type { Clock } from "../clock.ts";
import type { Job } from "../job.ts";
import type { Storage } from "../storage/storage.ts";
import type { WorkerEvent } from "./events.ts";

export interface ClaimOptions {
  storage: Storage;
  clock: Clock;
  worker: string;
  /** The queues to serve in turn, `null` for every queue there is. */
  queues: readonly string[] | null;
  /** The tasks that the worker's sources define. */
  tasks: readonly string[];
  /** The sources, by their hash. */
  sources: string;
  /** Milliseconds between two looks for parked jobs. */
  parkedEvery: number;
  emit(event: WorkerEvent): void;
}

/** Takes due jobs from the storage for a worker. */
export class Claims {
  #turn = 0;
  /** When to look for parked jobs. */
  #parkedAt = 0;

  constructor(private readonly options: ClaimOptions) {}

  /** At most `limit` jobs, and the queues that were looked into. */
  async next(limit: number): Promise<{ jobs: Job[]; queues: string[] }> {
    const queues = await this.#queuesInTurn();
    const calledAt = performance.now();
    const jobs = await this.#claim(queues, limit);
    const duration = performance.now() - calledAt;
    if (jobs.length > 0) this.options.emit({ type: "claimed", jobs: jobs.length, duration });
    return { jobs, queues };
  }

  /** Now and then first what others have parked, which may have waited for this worker. */
  async #claim(queues: readonly string[], limit: number): Promise<Job[]> {
    const { storage, clock, worker, tasks, sources, parkedEvery } = this.options;
    const now = clock.now();
    if (now >= this.#parkedAt) {
      const parked = await storage.claimParked(worker, { queues, tasks, sources }, limit, now);
      if (parked.length < limit) this.#parkedAt = now + parkedEvery;
      if (parked.length > 0) return parked;
    }
    return storage.claim(worker, queues, limit, clock.now());
  }

  /** In turn, so that a queue with much to do does not starve the others. */
  async #queuesInTurn(): Promise<string[]> {
    const { queues, storage } = this.options;
    const names = queues ?? (await storage.queues()).map(({ name }) => name);
    const first = names.length > 0 ? this.#turn++ % names.length : 0;
    return [...names.slice(first), ...names.slice(0, first)];
  }
}
