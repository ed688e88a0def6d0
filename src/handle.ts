import { hostname } from "node:os";
import type { Clock } from "./clock.ts";
import { decode } from "./codec.ts";
import { type Duration, formatDuration, milliseconds } from "./duration.ts";
import { hasCode, JobFailedError, JobNotFoundError, ResultTimeoutError } from "./errors.ts";
import { isFinal, type Job, type JobError, type JobNotes, type JobState, type Progress } from "./job.ts";
import type { Storage } from "./storage/storage.ts";

/** A job as its producer sees it. */
export interface JobHandle<Output> {
  readonly id: string;
  /** Whether the job was there already, under the same key. */
  readonly existing: boolean;
  /** @throws JobNotFoundError */
  state(): Promise<JobState>;
  /** The whole record. @throws JobNotFoundError */
  get(): Promise<Job>;
  /** How far it has come, as it said last; `null` if it has said nothing. @throws JobNotFoundError */
  progress(): Promise<Progress | null>;
  /**
   * Cancels the job: at once while it is pending; while it runs, its worker aborts its signal within seconds, and ends
   * its process if that does not help. Returns whether there is something to cancel: not if it has ended.
   * @param reason is kept with the job: who wants it, or why.
   * @throws JobNotFoundError
   */
  cancel(reason?: string): Promise<boolean>;
  /**
   * Waits until the job has ended and returns what the task returned.
   * @throws JobFailedError if it failed or was cancelled, ResultTimeoutError if that takes longer than `timeout`
   *   (no limit unless given), JobNotFoundError if it is not kept: a job of a task with `keep: 0` is deleted as it ends.
   */
  result(options?: { timeout?: Duration }): Promise<Output>;
}

export function jobHandle<Output>(id: string, existing: boolean, results: Results): JobHandle<Output> {
  return {
    id,
    existing,
    get: () => results.get(id),
    state: () => results.state(id),
    progress: async () => jobNotes(await results.get(id)).progress,
    cancel: (reason = `by a program on ${hostname()} (process ${process.pid})`) => results.cancel(id, reason),
    async result(options = {}) {
      const { timeout } = options;
      const job = await results.ended(id, timeout === undefined ? null : milliseconds(timeout, "timeout"));
      if (job.state === "succeeded") return decode(job.result!) as Output;
      throw failure(job);
    },
  };
}

/** The errors of a job's attempts, oldest first. */
export function jobErrors(job: Job): JobError[] {
  return job.errors ? (decode(job.errors) as JobError[]) : [];
}

/** What a job has said. */
export function jobNotes({ notes }: Job): JobNotes {
  return notes ? (decode(notes) as JobNotes) : { progress: null, output: [] };
}

function failure(job: Job): JobFailedError {
  const errors = jobErrors(job);
  const last = errors.at(-1);
  const state = job.state === "cancelled" ? "cancelled" : "failed";
  const cause = state === "failed" ? last && `${last.name}: ${last.message}` : job.reason;
  const why = cause ? `: ${cause}` : "";
  return new JobFailedError(
    job.id,
    job.task,
    state,
    `job ${job.id} of task ${job.task} ${verb[state]}${why}`,
    errors,
  );
}

const verb = { failed: "failed", cancelled: "was cancelled" };

interface Waiter {
  resolve(job: Job): void;
  reject(error: unknown): void;
}

const shortestPause = 1;
const longestPause = 25;
/** A look that took long may have waited for a storage that was away, and must not be paid for long. */
const longestShare = 500;

/** Waits for any number of jobs to end, with one look at the storage for all of them. */
export class Results {
  readonly #waiters = new Map<string, Set<Waiter>>();
  #looking = false;
  #endRest = () => {};

  constructor(
    private readonly storage: Storage,
    private readonly clock: Clock,
  ) {}

  async get(id: string): Promise<Job> {
    const [job] = await this.storage.get([id]);
    if (!job) throw new JobNotFoundError(id);
    return job;
  }

  async state(id: string): Promise<JobState> {
    const [state] = await this.storage.states([id]);
    if (!state) throw new JobNotFoundError(id);
    return state;
  }

  async cancel(id: string, reason: string): Promise<boolean> {
    const [state] = await this.storage.cancel([id], reason, this.clock.now());
    if (!state) throw new JobNotFoundError(id);
    return !isFinal(state);
  }

  ended(id: string, timeout: number | null): Promise<Job> {
    const { promise, resolve, reject } = Promise.withResolvers<Job>();
    const waiter = { resolve, reject };
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(waiter));
    if (!this.#looking) void this.#look();
    if (timeout === null) return promise;
    const callOff = this.clock.after(timeout, () => {
      this.#remove(id, waiter);
      const goesOn = "it goes on, and its result can still be waited for";
      reject(new ResultTimeoutError(`job ${id} has not ended within ${formatDuration(timeout)}; ${goesOn}`));
    });
    return promise.finally(callOff);
  }

  async #look(): Promise<void> {
    this.#looking = true;
    let pause = shortestPause;
    while (this.#waiters.size > 0) {
      const began = performance.now();
      if (await this.#settleEnded()) pause = shortestPause;
      // Looking for many takes longer: look less often, so that waiting never becomes the main work.
      const share = Math.min(longestShare, 5 * (performance.now() - began));
      if (this.#waiters.size > 0) await this.#rest(Math.max(pause, share));
      pause = Math.min(pause * 1.5, longestPause);
    }
    this.#looking = false;
  }

  /** Ends early when nobody waits any more: a timer would keep the program from its end. */
  #rest(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = this.clock.after(milliseconds, resolve);
    this.#endRest = () => {
      callOff();
      resolve();
    };
    return promise;
  }

  async #settleEnded(): Promise<boolean> {
    const ids = [...this.#waiters.keys()];
    let any = false;
    try {
      const states = await this.storage.states(ids);
      const ended = ids.filter((_, index) => states[index] === null || isFinal(states[index]!));
      const jobs = ended.length === 0 ? [] : await this.storage.get(ended);
      for (const [index, id] of ended.entries()) {
        const job = jobs[index];
        if (job && !isFinal(job.state)) continue;
        any = true;
        for (const waiter of this.#waiters.get(id) ?? []) {
          if (job) waiter.resolve(job);
          else waiter.reject(new JobNotFoundError(id));
        }
        this.#waiters.delete(id);
      }
    } catch (error) {
      if (hasCode(error, "STORAGE_UNAVAILABLE")) return false;
      for (const id of ids) {
        for (const waiter of this.#waiters.get(id) ?? []) waiter.reject(error);
        this.#waiters.delete(id);
      }
    }
    return any;
  }

  #remove(id: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(id);
    if (waiters?.delete(waiter) && waiters.size === 0) this.#waiters.delete(id);
    if (this.#waiters.size === 0) this.#endRest();
  }
}
