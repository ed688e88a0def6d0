import { type Clock, systemClock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { configure, configuredStorage } from "./config/configure.ts";
import type { Task } from "./definition.ts";
import { type EnqueueManyOptions, type EnqueueOptions, newJobs } from "./enqueue.ts";
import { StorageError } from "./errors.ts";
import { type JobHandle, jobHandle, Results } from "./handle.ts";
import type { NewJob } from "./job.ts";
import type { KeepPolicy } from "./keep.ts";
import { projectRoot } from "./project.ts";
import { type DecodedSchedule, readable } from "./schedule.ts";
import { putSchedule, type ScheduleHandle, scheduleHandle } from "./schedule-handle.ts";
import type { Storage } from "./storage/storage.ts";
import { wantedSchedule } from "./wanted-schedule.ts";
import { isOnce, type Once, type Recurring, type ScheduleOptions } from "./when.ts";

/** What is left out is as the project's configuration says. */
export interface NuvomOptions extends Pick<Config, "storage" | "sizeLimit" | "keep"> {
  /** The project whose configuration holds, and where a relative path starts; that of the current folder unless given. */
  root?: string;
  clock?: Clock;
}

/** The producing side: adds jobs to a storage and reads their results. */
export class Nuvom {
  readonly storage: Storage;
  readonly #clock: Clock;
  readonly #sizeLimit: number;
  readonly #keep: KeepPolicy;
  readonly #results: Results;
  readonly #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #closed = false;

  /** @throws InvalidOptionError, StorageError */
  constructor({ clock = systemClock, root = projectRoot(), ...given }: NuvomOptions = {}) {
    const { values } = configure(root, given, (name) => `new Nuvom: ${name}`);
    this.#keep = values.keep;
    this.#sizeLimit = values.sizeLimit;
    this.storage = configuredStorage(values, projectRoot(root));
    this.#clock = clock;
    this.#results = new Results(this.storage, this.#clock);
  }

  /** See {@link Task.enqueue}. */
  async enqueue<Input, Output>(
    task: Task<Input, Output>,
    input: Input,
    options: EnqueueOptions = {},
  ): Promise<JobHandle<Output>> {
    const [handle] = await this.enqueueMany(task, [input], () => options);
    return handle!;
  }

  /** See {@link Task.enqueueMany}. */
  async enqueueMany<Input, Output>(
    task: Task<Input, Output>,
    inputs: readonly Input[],
    options: EnqueueManyOptions<Input> = {},
  ): Promise<JobHandle<Output>[]> {
    const context = { now: this.#clock.now(), sizeLimit: this.#sizeLimit, keep: this.#keep };
    const jobs = await newJobs(task.definition, inputs, options, context);
    const ids = await this.#insert(jobs);
    return ids.map((id, index) => jobHandle<Output>(id, id !== jobs[index]!.id, this.#results));
  }

  /** See {@link Task.schedule}. */
  schedule<Input, Output>(
    task: Task<Input, Output>,
    input: Input,
    when: Once & EnqueueOptions,
  ): Promise<JobHandle<Output>>;
  schedule<Input, Output>(
    task: Task<Input, Output>,
    input: Input,
    when: Recurring & ScheduleOptions,
  ): Promise<ScheduleHandle<Output>>;
  async schedule<Input, Output>(
    task: Task<Input, Output>,
    input: Input,
    when: (Once & EnqueueOptions) | (Recurring & ScheduleOptions),
  ): Promise<JobHandle<Output> | ScheduleHandle<Output>> {
    if (isOnce(when, task.name)) return this.enqueue(task, input, when);
    const now = this.#clock.now();
    const context = { now, sizeLimit: this.#sizeLimit, keep: this.#keep };
    const wanted = await wantedSchedule(task.definition, input, when, context);
    await putSchedule(this.storage, wanted, now);
    return this.getSchedule<Output>(wanted.id);
  }

  /** The handle of a schedule whose id is known; whether there is such a schedule shows when it is used. */
  getSchedule<Output = unknown>(id: string): ScheduleHandle<Output> {
    const { storage } = this;
    const handle = (job: string) => this.job<Output>(job);
    return scheduleHandle(id, { storage, clock: this.#clock, handle });
  }

  /** All schedules, ordered by id, but for those that a newer release has written in a way that this one cannot read. */
  async schedules(): Promise<DecodedSchedule[]> {
    return (await this.storage.schedules()).flatMap(readable);
  }

  /** The handle of a job whose id is known; whether there is such a job shows when it is used. */
  job<Output = unknown>(id: string): JobHandle<Output> {
    return jobHandle(id, true, this.#results);
  }

  /** Waits for what is being enqueued and closes the storage. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    await this.storage.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #insert(jobs: readonly NewJob[]): Promise<string[]> {
    if (this.#closed) throw new StorageError("this Nuvom client is closed");
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    this.#waiting.push({ jobs, resolve, reject });
    this.#flushing ??= this.#flush();
    return promise;
  }

  /** Group commit: all the calls of one turn of the event loop, or of the time that an insert takes, share the next. */
  async #flush(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const calls = this.#waiting.splice(0, this.#waiting.length);
      try {
        const all: NewJob[] = [];
        for (const { jobs } of calls) for (const job of jobs) all.push(job);
        const ids = await this.storage.insert(all);
        let first = 0;
        for (const { jobs, resolve } of calls) {
          resolve(ids.slice(first, first + jobs.length));
          first += jobs.length;
        }
      } catch (error) {
        for (const { reject } of calls) reject(error);
      }
    }
    // In the same step as the last look at what waits, so that no call falls between the two.
    this.#flushing = undefined;
  }
}

interface Waiting {
  jobs: readonly NewJob[];
  resolve(ids: string[]): void;
  reject(error: unknown): void;
}

let shared: Nuvom | undefined;

/** The client that `task.enqueue()` uses: the one of the last `useClient`, else one with the project's storage. */
export function defaultClient(): Nuvom {
  shared ??= new Nuvom();
  return shared;
}

/** Makes `task.enqueue()` use another client, such as `new Nuvom({ storage: "memory:" })`, and returns it. */
export function useClient(client: Nuvom): Nuvom {
  shared = client;
  return client;
}

/** As `useClient` does, until the function that it returns is called: then the one from before is used again. */
export function lendClient(client: Nuvom): () => void {
  const before = shared;
  shared = client;
  return () => {
    shared = before;
  };
}
