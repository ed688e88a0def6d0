import type { Job, JobState } from "../../job.ts";
import { priorities } from "../../job.ts";
import type { Schedule, WorkerRecord } from "../storage.ts";

export interface JobRow {
  id: string;
  task: string;
  queue: string;
  priority: number;
  run_at: number;
  state: JobState;
  attempt: number;
  claims: number;
  crashes: number;
  max_attempts: number;
  timeout: number | null;
  key: string | null;
  schedule: string | null;
  scheduled_for: number | null;
  keep_for: number | null;
  keep_failed_for: number | null;
  keep_count: number | null;
  traceparent: string | null;
  worker: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  reason: string | null;
  cancelling: string | null;
  parked: string | null;
  input: Uint8Array;
  result: Uint8Array | null;
  errors: Uint8Array | null;
  notes: Uint8Array | null;
}

export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    task: row.task,
    queue: row.queue,
    priority: priorities[row.priority]!,
    runAt: row.run_at,
    input: row.input,
    maxAttempts: row.max_attempts,
    timeout: row.timeout,
    key: row.key,
    createdAt: row.created_at,
    schedule: row.schedule,
    scheduledFor: row.scheduled_for,
    keepFor: row.keep_for,
    keepFailedFor: row.keep_failed_for,
    keepCount: row.keep_count,
    traceparent: row.traceparent,
    state: row.state,
    attempt: row.attempt,
    claims: row.claims,
    crashes: row.crashes,
    worker: row.worker,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    result: row.result,
    errors: row.errors,
    reason: row.cancelling ?? row.reason,
    parked: row.parked,
    notes: row.notes,
  };
}

export interface ScheduleRow {
  id: string;
  version: string;
  queue: string;
  next_run_at: number | null;
  paused: number;
  definition: Uint8Array;
}

export function toSchedule(row: ScheduleRow): Schedule {
  return {
    id: row.id,
    version: row.version,
    queue: row.queue,
    nextRunAt: row.next_run_at,
    paused: row.paused === 1,
    definition: row.definition,
  };
}

export interface WorkerRow {
  id: string;
  host: string;
  pid: number;
  queues: string;
  project: string;
  release: string;
  started_at: number;
  seen_at: number;
  claimed_at: number | null;
  lease_until: number;
}

export function toWorker(row: WorkerRow): WorkerRecord {
  return {
    id: row.id,
    host: row.host,
    pid: row.pid,
    queues: JSON.parse(row.queues),
    project: row.project,
    release: row.release,
    startedAt: row.started_at,
    seenAt: row.seen_at,
    claimedAt: row.claimed_at,
    leaseUntil: row.lease_until,
  };
}
