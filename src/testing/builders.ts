import type { Job, NewJob } from "../job.ts";
import type { Schedule, ScheduleChange, Storage, WorkerRecord } from "../storage/storage.ts";

/** Registers one test: its body gets a handle on empty data, and a function that opens others. */
export type Law = (
  title: string,
  body: (storage: Storage, open: () => Promise<Storage>) => Promise<void>,
) => void;

/** When the tests take place. As large as real times, which some encodings of numbers would round. */
export const now = 1_700_000_000_123;

/** When the lease of {@link aWorker} ends. */
export const leaseEnd = now + 1000;

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

let made = 0;

/** A job that is due, with an id after those of all jobs made before. */
export function aJob(fields: Partial<NewJob> = {}): NewJob {
  made++;
  return {
    id: `01890000-0000-7000-8000-${made.toString(16).padStart(12, "0")}`,
    task: "test.task",
    queue: "default",
    priority: "normal",
    runAt: now,
    input: bytes("input"),
    maxAttempts: 3,
    timeout: null,
    key: null,
    createdAt: now,
    schedule: null,
    scheduledFor: null,
    keepFor: null,
    keepFailedFor: null,
    keepCount: null,
    traceparent: null,
    ...fields,
  };
}

/** Fields of a job, none of them as in {@link aJob}, of an occurrence of the schedule `s1`. */
export const unusual = {
  priority: "low",
  runAt: now + 9,
  maxAttempts: 4,
  timeout: 500,
  key: "k",
  createdAt: now - 1,
  schedule: "s1",
  scheduledFor: now + 8,
  keepFor: 11,
  keepFailedFor: 12,
  keepCount: 13,
  traceparent: "00-trace",
} as const;

/** A job that no storage can add, as one of its fields cannot be read. */
export const anUnreadableJob = (): NewJob => unreadable(aJob(), "input");

export function unreadable<T extends object>(object: T, field: keyof T): T {
  return Object.defineProperty(object, field, {
    get() {
      throw new Error("this field cannot be read");
    },
  });
}

/** The record of a job that was just inserted. */
export function pending(job: NewJob): Job {
  return {
    ...job,
    state: "pending",
    attempt: 0,
    claims: 0,
    crashes: 0,
    worker: null,
    startedAt: null,
    finishedAt: null,
    result: null,
    errors: null,
    reason: null,
    parked: null,
    notes: null,
  };
}

export function aWorker(id = "w1", fields: Partial<WorkerRecord> = {}): WorkerRecord {
  const record = {
    id,
    host: "host",
    pid: 1,
    queues: ["default"],
    project: "p",
    release: "r",
    startedAt: now,
    seenAt: now,
    claimedAt: null,
  };
  return { ...record, leaseUntil: leaseEnd, ...fields };
}

export function aSchedule(fields: Partial<Schedule> = {}): Schedule {
  const rule = { nextRunAt: now, paused: false, definition: bytes("definition") };
  return { id: "s1", version: "v1", queue: "default", ...rule, ...fields };
}

/** Adds the schedule, or replaces the version `from` of it, and adds the jobs. */
export function put(to: Schedule, from: string | null = null, jobs: NewJob[] = []): ScheduleChange {
  return { id: to.id, from, to, jobs };
}

export function remove(id: string, from: string, jobs: NewJob[] = []): ScheduleChange {
  return { id, from, to: null, jobs };
}

/** Inserts the jobs and has `worker`, under a fresh lease, claim them. */
export async function start(storage: Storage, jobs: NewJob[], worker = "w1"): Promise<Job[]> {
  await storage.insert(jobs);
  return claimAgain(storage, jobs, worker);
}

/** Has `worker`, under a fresh lease, claim as many jobs of these queues. */
export async function claimAgain(storage: Storage, jobs: NewJob[], worker = "w1"): Promise<Job[]> {
  await storage.heartbeat(aWorker(worker));
  const queues = [...new Set(jobs.map((job) => job.queue))];
  return storage.claim(worker, queues, jobs.length, now);
}

/** Why jobs are cancelled. */
export const why = "nobody “needs” it";

/** What every outcome of a claimed job says; the attempt began at `now + 1`. */
function claimOf({ id, queue, claims }: Job) {
  return { id, queue, claims, startedAt: now + 1 };
}

export const succeeded = (job: Job) =>
  ({ ...claimOf(job), kind: "succeeded", result: bytes("result") }) as const;

export const failed = (job: Job) => ({ ...claimOf(job), kind: "failed", errors: bytes("errors") }) as const;

export const cancelled = (job: Job, errors: Uint8Array | null = null) =>
  ({ ...claimOf(job), kind: "cancelled", errors, reason: why }) as const;

export const retried = (job: Job, runAt = now) =>
  ({ ...claimOf(job), kind: "retry", runAt, errors: bytes("errors") }) as const;

export const released = (job: Job, runAt = now) =>
  ({ ...claimOf(job), kind: "released", runAt, reason: "no process" }) as const;

/** Put back by a worker of the release `r1`, which cannot run it. */
export const parked = (job: Job, release = "r1") => ({ ...released(job), parked: release }) as const;

/** The stored records of these jobs. */
export async function read(storage: Storage, ...jobs: { id: string }[]): Promise<(Job | null)[]> {
  return storage.get(jobs.map((job) => job.id));
}

export const idsOf = (jobs: readonly { id: string }[]): string[] => jobs.map((job) => job.id);
