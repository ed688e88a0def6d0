import type { Clock } from "../clock.ts";
import { formatDuration } from "../duration.ts";
import { Alarm } from "./alarm.ts";
import { type Assigned, type AssignedJobs, dueAt, type Stop } from "./assigned.ts";

export interface DeadlineOptions {
  clock: Clock;
  files: ReadonlyMap<string, string>;
  importLimit: number;
  killGrace: number;
}

/** What is done to the process when time is up. */
interface Means {
  /** Hears of the jobs that have ended by now. Returns whether it knows all of them. */
  catchUp(): boolean;
  abort(assigned: Assigned, name: "TimeoutError" | "AbortError", reason: string): void;
  kill(): void;
  /** Asks for the jobs that have not begun. */
  recall(): void;
  /** Takes these as given back. */
  takeBack(unbegun: Assigned[]): void;
}

/** A process that has not said that it is ready by then is given up. */
const readyWithin = 10_000;

/** A job that executes for longer than this must not hold up those behind it in the process. */
const recallAfter = 50;

/** A job that is asked to end hears of it within this time, unless something holds its process up. */
const toldWithin = 250;

/** Keeps the times of a process: when it must be ready, when its jobs must end, how long others wait behind them. */
export class Deadlines {
  readonly #alarm: Alarm;
  #isReady = false;

  constructor(
    private readonly options: DeadlineOptions,
    private readonly jobs: AssignedJobs,
    private readonly means: Means,
  ) {
    this.#alarm = new Alarm(options.clock, () => this.#look());
    this.#alarm.set(options.clock.now() + readyWithin);
  }

  /** Whether the first job has executed for so long that others must not be put behind it. */
  get isHeldUp(): boolean {
    const first = this.jobs.executing().next().value;
    return !!first && this.options.clock.now() - first.startedAt! > recallAfter;
  }

  ready(): void {
    this.#isReady = true;
  }

  end(): void {
    this.#alarm.cancel();
  }

  /** To be called when jobs came or went. */
  noteStarts(): void {
    const now = this.options.clock.now();
    for (const assigned of this.jobs.executing()) {
      if (assigned.startedAt !== null) continue;
      assigned.startedAt = now;
      this.#setAlarm(assigned);
    }
    if (this.jobs.areSomeWaiting) this.#alarm.set(now + recallAfter);
  }

  /** The file of a job's task is being imported. */
  importing(assigned: Assigned): void {
    assigned.importing = true;
    this.#setAlarm(assigned);
  }

  /** Only now does a job's time begin. */
  begin(assigned: Assigned): void {
    assigned.importing = false;
    assigned.startedAt = this.options.clock.now();
    this.#setAlarm(assigned);
  }

  /** Ends a job: by its signal, and after the grace by killing the process. */
  stop(assigned: Assigned, kind: "timeout" | "cancelled", reason: string): void {
    if (assigned.stop) return;
    const askedAt = this.options.clock.now();
    const killAt = askedAt + this.options.killGrace;
    assigned.stop = { kind, reason, askedAt, killAt, told: "not yet" };
    this.means.abort(assigned, kind === "timeout" ? "TimeoutError" : "AbortError", reason);
    this.#alarm.set(killAt);
  }

  /** A job has heard that it is to end. */
  told({ stop }: Assigned): void {
    if (stop) stop.told = this.options.clock.now() - stop.askedAt > toldWithin ? "late" : "in time";
  }

  #setAlarm(assigned: Assigned): void {
    const due = dueAt(assigned, this.options.importLimit);
    if (due !== null) this.#alarm.set(due);
  }

  #look(): void {
    const now = this.options.clock.now();
    if (!this.#isReady) return this.means.kill();
    const isCaughtUp = this.means.catchUp();
    for (const assigned of this.jobs.executing()) {
      const due = dueAt(assigned, this.options.importLimit);
      if (due === null) continue;
      if (due > now) this.#alarm.set(due);
      else if (assigned.stop || assigned.importing) {
        assigned.stop ??= this.#importStop(assigned, now);
        return this.means.kill();
      } else {
        this.stop(
          assigned,
          "timeout",
          `the job's timeout of ${formatDuration(assigned.job.timeout!)} is over`,
        );
      }
    }
    if (!this.jobs.areSomeWaiting) return;
    if (this.isHeldUp) this.means.recall();
    // A process in a long loop cannot answer a recall. It will not begin these any more, so others may.
    const unbegun = this.jobs.unbegun(now, isCaughtUp);
    if (unbegun.length > 0) this.means.takeBack(unbegun);
    this.#alarm.set(now + recallAfter);
  }

  #importStop({ job }: Assigned, now: number): Stop {
    const { files, importLimit } = this.options;
    const reason = `the import of ${files.get(job.task)} did not end within ${formatDuration(importLimit)}`;
    return { kind: "import", reason, askedAt: now, killAt: now, told: "in time" };
  }
}
