import { setSystemTime } from "bun:test";
import { lendClient, Nuvom, type NuvomOptions } from "../client.ts";
import { defaultSizeLimit } from "../codec.ts";
import type { Task } from "../definition.ts";
import { type Duration, milliseconds } from "../duration.ts";
import type { EnqueueManyOptions } from "../enqueue.ts";
import { InvalidOptionError, JobFailedError, ResultTimeoutError, StorageError } from "../errors.ts";
import type { JobHandle } from "../handle.ts";
import type { Hooks } from "../hooks.ts";
import { isFinal, type Job } from "../job.ts";
import { bytesOf } from "../size.ts";
import { openMemory } from "../storage/memory.ts";
import type { Storage } from "../storage/storage.ts";
import type { DescribedTask } from "../worker/protocol.ts";
import { plan } from "../worker/reconciler.ts";
import { Scheduler } from "../worker/scheduler.ts";
import { describeSchedule } from "../worker/task-files.ts";
import { VirtualClock } from "./clock.ts";
import { endless, whyNotEnded } from "./complaints.ts";
import { createRunner, type Runner, worker } from "./runner.ts";
import { type TestJob, testJob } from "./test-job.ts";

export interface TestOptions extends Omit<NuvomOptions, "storage" | "clock"> {
  /** The tasks whose schedules, where their definitions carry one, are to make jobs; none unless given. */
  tasks?: readonly Task<never, unknown>[];
  /** What the time is to be at first, such as `"2026-03-28T00:00:00Z"`; the real time unless given. */
  now?: Date | string | number;
  /** Those of the project's `nuvom.config.ts`, if they are to be called: `hooks: config.hooks`. */
  hooks?: Hooks | undefined;
}

/** More jobs than this at one moment are an endless loop. */
const mostAtOnce = 100_000;

/**
 * A client with a storage of its own, in memory, and a worker that runs in the test when the test says so. Nothing waits:
 * time passes only by {@link TestNuvom.advance} and {@link TestNuvom.skip}, for `Date` as well.
 */
class TestNuvom extends Nuvom {
  readonly #clock: VirtualClock;
  readonly #scheduler: Scheduler;
  readonly #runner: Runner;
  readonly #giveBack: () => void;
  #isClosed = false;

  constructor({ tasks = [], now = realTime(), hooks = {}, ...options }: TestOptions) {
    const start = new Date(now).getTime();
    if (Number.isNaN(start)) {
      throw new InvalidOptionError(
        `testNuvom: now: ${Bun.inspect(now)} is no date, such as 2026-03-28T00:00:00Z`,
      );
    }
    const clock = new VirtualClock(start);
    const memory = openMemory();
    const ready = prepare(memory, tasks, start);
    // Whoever uses the schedules hears of it.
    ready.catch(() => {});
    const storage: Storage = {
      ...memory,
      schedules: (ids) => ready.then(() => memory.schedules(ids)),
      nextSchedules: (limit) => ready.then(() => memory.nextSchedules(limit)),
      async cancel(ids, reason, now) {
        const states = await memory.cancel(ids, reason, now);
        for (const id of ids) runner.cancel(id, reason);
        return states;
      },
    };
    const { sizeLimit = defaultSizeLimit } = options;
    const limit = bytesOf(sizeLimit, "testNuvom: sizeLimit");
    const runner = createRunner({ storage, clock, sizeLimit: limit, hooks });
    super({ ...options, storage, clock });
    this.#clock = clock;
    this.#runner = runner;
    const ignore = () => {};
    const loop = { storage, clock, emit: ignore, failed: ignore };
    this.#scheduler = new Scheduler({ ...loop, random: () => 0, rank: () => 0 });
    this.#giveBack = lendClient(this);
    setSystemTime(start);
  }

  /** The time, which `Date` tells as well. */
  get now(): Date {
    return new Date(this.#clock.now());
  }

  /**
   * Runs the jobs that are due, those that they enqueue and those of schedules included, one after another and in the
   * order of a worker. Returns the jobs that ran, each as its attempt left it.
   */
  async runDue(): Promise<TestJob[]> {
    this.#assertOpen();
    const ran: TestJob[] = [];
    await this.#runDue(ran);
    return ran;
  }

  /**
   * Lets time pass, or come to a date, and runs what falls due on the way, each at its time: first what is due now, then
   * delayed jobs, further attempts and schedules. Returns the jobs that ran, once for each attempt, as that left them.
   * @throws InvalidOptionError if it is no duration, or a date in the past.
   */
  async advance(time: Duration | Date): Promise<TestJob[]> {
    const end = this.#after(time, "advance");
    const ran: TestJob[] = [];
    await this.#runDue(ran);
    for (let next = await this.#next(); next <= end; next = await this.#next()) {
      this.#turnTo(next);
      await this.#runDue(ran);
    }
    this.#turnTo(end);
    return ran;
  }

  /**
   * Lets time pass, or come to a date, while no worker runs: nothing happens until the next call, which finds all of it
   * late.
   * @throws InvalidOptionError if it is no duration, or a date in the past.
   */
  skip(time: Duration | Date): void {
    this.#clock.skip(this.#after(time, "skip") - this.#clock.now());
    setSystemTime(this.#clock.now());
  }

  /** All jobs, or those of a task, in the order in which they were made. Ended ones stay, unless their `keep` is 0. */
  async jobs<Input = unknown, Output = unknown>(
    task?: Task<Input, Output>,
  ): Promise<TestJob<Input, Output>[]> {
    const filter = task ? { task: task.name } : {};
    const jobs = await this.storage.list(filter, { limit: Number.POSITIVE_INFINITY });
    return jobs.reverse().map(testJob<Input, Output>);
  }

  override async enqueueMany<Input, Output>(
    task: Task<Input, Output>,
    inputs: readonly Input[],
    options?: EnqueueManyOptions<Input>,
  ): Promise<JobHandle<Output>[]> {
    const handles = await super.enqueueMany(task, inputs, options);
    return handles.map((handle) => this.#withoutWaiting(handle));
  }

  override job<Output = unknown>(id: string): JobHandle<Output> {
    return this.#withoutWaiting(super.job<Output>(id));
  }

  /** Gives back what runs, and makes `task.enqueue()` and `Date` what they were before. */
  override async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#giveBack();
    setSystemTime();
    await this.#runner.stop();
    await quiet();
    await super.close();
  }

  /** Time does not pass while somebody waits: what is due is run, and then the result is there or will not come. */
  #withoutWaiting<Output>(handle: JobHandle<Output>): JobHandle<Output> {
    const result: typeof handle.result = (options) => {
      const tooEarly = new ResultTimeoutError("");
      // Now, before anything is awaited, it points at the line of the test.
      Error.captureStackTrace(tooEarly, result);
      return this.#resultNow(handle, options, tooEarly);
    };
    return { ...handle, result };
  }

  async #resultNow<Output>(
    handle: JobHandle<Output>,
    options: Parameters<typeof handle.result>[0],
    tooEarly: ResultTimeoutError,
  ): Promise<Output> {
    await this.runDue();
    await this.#runner.ended(handle.id);
    const [job] = await this.storage.get([handle.id]);
    if (job && !isFinal(job.state)) {
      throw Object.assign(tooEarly, { message: whyNotEnded(job, this.#clock.now()) });
    }
    return handle.result(options).catch((error) => {
      // So that `bun test` shows the line of the task that threw.
      const stack = error instanceof JobFailedError && error.errors.at(-1)?.stack;
      throw stack ? Object.assign(error, { stack }) : error;
    });
  }

  async #runDue(ran: TestJob[]): Promise<void> {
    for (let count = 1; !this.#isClosed; count++) {
      const job = (await this.#claim()) ?? (await quiet().then(() => this.#claim()));
      if (!job || this.#isClosed) return;
      if (count > mostAtOnce) throw endless(job, mostAtOnce, this.now);
      ran.push(testJob(await this.#runner.run(job)));
    }
  }

  async #claim(): Promise<Job | undefined> {
    if (this.#isClosed) return undefined;
    const now = this.#clock.now();
    for (let next: number | null = now; next !== null && next <= now; ) next = await this.#scheduler.step();
    const [job] = await this.storage.claim(worker.id, await this.#queues(), 1, now);
    return job;
  }

  async #queues(): Promise<string[]> {
    return (await this.storage.queues()).map(({ name }) => name);
  }

  /** When something happens next. */
  async #next(): Promise<number> {
    const never = Number.POSITIVE_INFINITY;
    if (this.#isClosed) return never;
    const job = await this.storage.nextRunAt(await this.#queues());
    const [schedule] = await this.storage.nextSchedules(1);
    return Math.min(job ?? never, schedule?.nextRunAt ?? never, this.#clock.next);
  }

  #turnTo(time: number): void {
    if (this.#isClosed) return;
    this.#clock.skip(Math.max(0, time - this.#clock.now()));
    setSystemTime(this.#clock.now());
    while (this.#clock.next <= time) this.#clock.ring();
  }

  #after(time: Duration | Date, method: string): number {
    this.#assertOpen();
    const now = this.#clock.now();
    const end = time instanceof Date ? time.getTime() : now + milliseconds(time, method);
    if (end >= now) return end;
    throw new InvalidOptionError(`${method}: it is ${this.now.toISOString()}, and time does not go back`);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StorageError("this harness is closed: make another with testNuvom()");
  }
}

export type { TestNuvom };

/**
 * Makes `task.enqueue()` and `task.schedule()` use a storage in memory, and a clock that only the test turns, until it is
 * closed: `await using nuvom = testNuvom()`. For `bun test`.
 * @throws InvalidOptionError
 */
export function testNuvom(options: TestOptions = {}): TestNuvom {
  return new TestNuvom(options);
}

/** Also where a test that was given up has left a harness behind, whose time `Date` tells. */
function realTime(): number {
  return Math.round(performance.timeOrigin + performance.now());
}

/** Registers the worker, and adds the schedules in the definitions of these tasks. */
async function prepare(storage: Storage, tasks: TestOptions["tasks"] & object, now: number): Promise<void> {
  await storage.heartbeat(worker);
  const described = await Promise.all(tasks.map(({ definition }) => describeSchedule(definition, now)));
  const known = {
    tasks: described.filter((task): task is DescribedTask => task !== null),
    failed: [],
    isComplete: true,
  };
  await storage.changeSchedules(plan([], known, worker.project, new Set(), now).changes);
}

/** What jobs have begun to enqueue without waiting for it is there when this resolves. */
async function quiet(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
}
