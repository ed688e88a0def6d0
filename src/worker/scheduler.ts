import type { Clock } from "../clock.ts";
import { type DecodedSchedule, type Firing, fire, readable } from "../schedule.ts";
import { claimBytes, type Storage } from "../storage/storage.ts";
import type { WorkerEvent } from "./events.ts";
import { Loop } from "./loop.ts";

export interface SchedulerOptions {
  storage: Storage;
  clock: Clock;
  random: () => number;
  /** How many live workers come before this one. */
  rank(): number;
  emit(event: WorkerEvent): void;
  failed(error: unknown, retryIn: number): void;
}

/** How many schedules are fired, and about how many jobs are made, at once. */
const batch = 500;

/**
 * By how much each worker lets those before it go first, so that they do not all fire the same: the first alone does
 * the work, and when it is gone the second is this much late.
 */
const standby = 100;
const longestStandby = 500;

/** How long a schedule that cannot be read, as a newer release wrote it, is left alone. */
const unreadablePause = 1_000;

/** Makes the jobs of schedules when their occurrences come. It sleeps until the next one, and holds none in memory. */
export class Scheduler {
  readonly #loop: Loop;

  constructor(private readonly options: SchedulerOptions) {
    this.#loop = new Loop(options.clock, () => this.step(), options.failed);
  }

  /** To be called when there may be another schedule. */
  wake(): void {
    this.#loop.wake();
  }

  stop(): void {
    this.#loop.stop();
  }

  async hasDue(): Promise<boolean> {
    const { storage, clock } = this.options;
    const [first] = (await storage.nextSchedules(batch)).flatMap(readable);
    return first !== undefined && first.nextRunAt! <= clock.now();
  }

  /** Fires what is due. Returns when the next is. */
  async step(): Promise<number | null> {
    const { storage, clock } = this.options;
    const [first] = await storage.nextSchedules(1);
    if (!first) return null;
    const wait = Math.min(longestStandby, standby * this.options.rank());
    const now = clock.now();
    if (first.nextRunAt! + wait > now) return first.nextRunAt! + wait;
    const schedules = (await storage.nextSchedules(batch)).flatMap(readable);
    const due = schedules.filter(({ nextRunAt }) => nextRunAt! + wait <= now);
    if (due.length === 0)
      return Math.min(now + unreadablePause, (schedules[0]?.nextRunAt ?? Number.POSITIVE_INFINITY) + wait);
    await this.#fire(due, now);
    return now;
  }

  async #fire(schedules: DecodedSchedule[], now: number): Promise<void> {
    const firings = schedules.map((schedule) => fire(schedule, now, this.options.random));
    for (const some of batches(firings)) await this.#apply(some, now);
  }

  async #apply(firings: Firing[], now: number): Promise<void> {
    const { storage, emit } = this.options;
    const answers = await storage.changeSchedules(firings.map(({ change }) => change));
    const applied = firings.filter((_, index) => answers[index]);
    const replaced = applied.flatMap((firing) => firing.replaced ?? []);
    if (replaced.length > 0)
      await storage.cancel(replaced, "replaced by the next occurrence of its schedule", now);
    for (const { change, fired, missed } of applied) {
      for (const occurrence of fired)
        emit({ type: "fired", schedule: change.id, occurrence, lag: now - occurrence });
      if (missed > 0) emit({ type: "missed", schedule: change.id, occurrences: missed });
    }
  }
}

/** So few at a time that neither a storage nor the worker is held up. */
function batches(firings: readonly Firing[]): Firing[][] {
  const all: Firing[][] = [];
  let [jobs, bytes] = [0, 0];
  for (const firing of firings) {
    const { jobs: added, to } = firing.change;
    const size = added.reduce((sum, { input }) => sum + input.length, to?.definition.length ?? 0);
    jobs += added.length;
    bytes += size;
    if (all.length === 0 || jobs > batch || bytes > claimBytes) {
      all.push([firing]);
      [jobs, bytes] = [added.length, size];
    } else all.at(-1)!.push(firing);
  }
  return all;
}
