import type { Job } from "../job.ts";
import type { Thrown } from "../thrown.ts";
import type { DeathReason } from "./events.ts";
import { Notebook } from "./notebook.ts";
import { type Assignment, beginWithin } from "./protocol.ts";

/** A job that a process was given. */
export interface Assigned {
  readonly job: Job;
  /** When it began to execute, `null` while it waits in the process. */
  startedAt: number | null;
  /** Whether it is still the file of its task that executes, which is imported first. */
  importing: boolean;
  /** When it was last sent to the process. */
  sentAt: number;
  stop: Stop | null;
  /** `null` as long as it has said nothing. */
  notes: Notebook | null;
}

/** Why a job is being ended from outside. */
export interface Stop {
  readonly kind: "timeout" | "cancelled" | "import";
  readonly reason: string;
  /** When its process is killed if the job has not ended by then. */
  readonly killAt: number;
  readonly askedAt: number;
  /**
   * Whether the process has told the job in time, so that it is the job itself that does not end, and whether it told
   * it late, having been held up by something else.
   */
  told: "not yet" | "in time" | "late";
}

export interface Death {
  /** Such as `exit code 1` or `signal SIGSEGV`. */
  how: string;
  outOfMemory: boolean;
  /** What nobody caught in it, if it ended of that. */
  uncaught: Thrown | null;
  /** Whether the worker killed it, for a job that did not end when it had to or because the worker stops. */
  killed: boolean;
  wasReady: boolean;
  /** The only job that this process ever had: if it died of a job, then of this one. */
  alone: boolean;
  /** Whether it was killed because it no longer listened, and has had other jobs that may be to blame. */
  blocked: boolean;
  assigned: Assigned[];
}

export function reasonOf({ killed, outOfMemory, wasReady }: Death): DeathReason {
  if (outOfMemory) return "memory";
  if (!wasReady) return "start";
  return killed ? "killed" : "crash";
}

/**
 * How much longer than a job may wait in a process its worker waits to hear of it: longer where messages are known to be
 * on their way, which a busy machine may hold up, and a process in a long loop for good.
 */
const beginMargin = { caughtUp: 250, messagesToCome: 10_000 };

/** The name of this execution of a job: an attempt's number can stand for two, a claim's cannot. */
export function executionOf({ id, claims }: Job): string {
  return `${id}:${claims}`;
}

export function assignmentOf(job: Job): Assignment {
  const { id, task, attempt, maxAttempts, runAt, scheduledFor, traceparent, input } = job;
  return {
    execution: executionOf(job),
    id,
    task,
    attempt,
    maxAttempts,
    runAt,
    scheduledFor,
    traceparent,
    input,
  };
}

/** Whether a job is to be killed without having heard in time that it had to end. */
export function isUnheard(now: number): (assigned: Assigned) => boolean {
  return ({ stop }) => stop !== null && stop.killAt <= now && stop.told !== "in time";
}

/** When something must be done about a job that executes, `null` for never. */
export function dueAt({ job, startedAt, importing, stop }: Assigned, importLimit: number): number | null {
  if (stop) return stop.killAt;
  const limit = importing ? importLimit : job.timeout;
  return limit === null ? null : startedAt! + limit;
}

export function notebookOf(assigned: Assigned): Notebook {
  assigned.notes ??= new Notebook(assigned.job);
  return assigned.notes;
}

/** The jobs of a process, in the order in which it got them. */
export class AssignedJobs {
  readonly #jobs = new Map<string, Assigned>();
  /** How many bytes of input they have. */
  bytes = 0;

  /** @param concurrency how many of them a process executes: the first ones. */
  constructor(private readonly concurrency: number) {}

  get size(): number {
    return this.#jobs.size;
  }

  get all(): Assigned[] {
    return [...this.#jobs.values()];
  }

  get areSomeWaiting(): boolean {
    return this.#jobs.size > this.concurrency;
  }

  /** Those that a process which cannot even give them back will not begin any more. */
  unbegun(now: number, isCaughtUp: boolean): Assigned[] {
    const latest = now - beginWithin - (isCaughtUp ? beginMargin.caughtUp : beginMargin.messagesToCome);
    return this.all.filter(({ startedAt, sentAt }) => startedAt === null && sentAt < latest);
  }

  add(jobs: readonly Job[], now: number): void {
    for (const job of jobs) {
      const assigned = { job, startedAt: null, importing: false, sentAt: now, stop: null, notes: null };
      this.#jobs.set(executionOf(job), assigned);
      this.bytes += job.input.length;
    }
  }

  sent(jobs: readonly Job[], now: number): void {
    for (const job of jobs) this.#jobs.get(executionOf(job))!.sentAt = now;
  }

  get(execution: string): Assigned | undefined {
    return this.#jobs.get(execution);
  }

  of(id: string): Assigned | undefined {
    const execution = this.#jobs.keys().find((execution) => execution.startsWith(`${id}:`));
    return execution === undefined ? undefined : this.#jobs.get(execution);
  }

  take(execution: string): Assigned | undefined {
    const assigned = this.#jobs.get(execution);
    if (assigned) this.bytes -= assigned.job.input.length;
    this.#jobs.delete(execution);
    return assigned;
  }

  *executing(): Generator<Assigned> {
    let left = this.concurrency;
    for (const assigned of this.#jobs.values()) {
      if (left-- === 0) return;
      yield assigned;
    }
  }
}
