import { Decoder, Encoder } from "@msgpack/msgpack";
import { StorageUnavailableError } from "../../errors.ts";
import {
  type FinalState,
  type Job,
  type JobState,
  jobStates,
  type NewJob,
  type Priority,
} from "../../job.ts";
import type { QueueCounts, Schedule, WorkerRecord } from "../storage.ts";
import { asRunning } from "../transitions.ts";

const encoder = new Encoder();
/** Redis packs bytes as if they were text. */
const rawDecoder = new Decoder({ rawStrings: true });
// Without it a text would lose a byte order mark at its start.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** What a script is asked, or anything else without bytes in it. */
export function packed(value: unknown): Uint8Array {
  return encoder.encode(value);
}

/** A document as scripts open it: the length of its fields, the fields in msgpack, and bytes. */
function closed(fields: unknown, ...parts: (Uint8Array | null)[]): Uint8Array {
  const packedFields = encoder.encodeSharedRef(fields);
  const size = parts.reduce((sum, part) => sum + (part?.length ?? 0), lengthBytes + packedFields.length);
  const document = new Uint8Array(size);
  new DataView(document.buffer).setUint32(0, packedFields.length);
  document.set(packedFields, lengthBytes);
  let end = lengthBytes + packedFields.length;
  for (const part of parts) {
    if (!part) continue;
    document.set(part, end);
    end += part.length;
  }
  return document;
}

const lengthBytes = 4;

function opened(document: Uint8Array): { fields: unknown; bytes: Uint8Array } {
  const length = new DataView(document.buffer, document.byteOffset).getUint32(0);
  const end = lengthBytes + length;
  return { fields: rawDecoder.decode(document.subarray(lengthBytes, end)), bytes: document.subarray(end) };
}

/** What the client inserted, which never changes. The prelude of the scripts knows the first places. */
type Original = [
  task: string,
  priority: Priority,
  runAt: number,
  key: string | null,
  keepFor: number | null,
  keepFailedFor: number | null,
  keepCount: number | null,
  maxAttempts: number,
  timeout: number | null,
  createdAt: number,
  schedule: string | null,
  scheduledFor: number | null,
  /** Absent from the documents of older releases. */
  traceparent?: string | null,
];

/** As the fields come back: bytes in the place of text. */
type Raw<T> = {
  [Field in keyof T]: T[Field] extends number | boolean | null | undefined ? T[Field] : RawText<T[Field]>;
};
type RawText<T> = Uint8Array | (null extends T ? null : never) | (undefined extends T ? undefined : never);

export function packOriginal(job: NewJob): Uint8Array {
  const { task, priority, runAt, key, keepFor, keepFailedFor, keepCount } = job;
  const { maxAttempts, timeout, createdAt, schedule, scheduledFor, traceparent } = job;
  const original: Original = [
    task,
    priority,
    runAt,
    key,
    keepFor,
    keepFailedFor,
    keepCount,
    maxAttempts,
    timeout,
    createdAt,
    schedule,
    scheduledFor,
    traceparent,
  ];
  return closed(original, job.input);
}

/** What has changed about a job since it was inserted; its errors, its notes and its result follow as bytes. */
interface Changes {
  attempt: number;
  claims: number;
  crashes: number;
  runAt?: number;
  worker?: string;
  startedAt?: number;
  reason?: string;
  parked?: string;
  errorBytes?: number;
  noteBytes?: number;
  /** Both, once the job has ended. */
  state?: FinalState;
  finishedAt?: number;
}

export function packChanges(job: Omit<Job, "input">): Uint8Array {
  const { attempt, claims, crashes, runAt, worker, startedAt, reason, state, finishedAt } = job;
  const { parked, errors, notes, result } = job;
  const changes: Changes = {
    attempt,
    claims,
    crashes,
    runAt,
    ...(worker !== null && { worker }),
    ...(startedAt !== null && { startedAt }),
    ...(reason !== null && { reason }),
    ...(parked !== null && { parked }),
    ...(errors && { errorBytes: errors.length }),
    ...(notes && { noteBytes: notes.length }),
    ...(finishedAt !== null && { state: state as FinalState, finishedAt }),
  };
  return closed(changes, errors, notes, result);
}

/** Its queue, its id, its documents and why it is to be cancelled, as scripts hand them over. */
type StoredJob = [
  queue: Uint8Array,
  id: Uint8Array,
  original: Uint8Array,
  changes: Uint8Array | false,
  running?: Uint8Array | false,
  cancelling?: Uint8Array | false,
];

/** The jobs that a script handed over, `null` where there is none. */
export function unpackJobs(bytes: Uint8Array | null, count: number): (Job | null)[] {
  return (handedOver(bytes, count) as (StoredJob | false)[]).map((stored) =>
    stored ? unpackJob(stored) : null,
  );
}

function unpackJob([queue, id, original, changed, running, cancelling]: StoredJob): Job {
  const { fields, bytes: input } = opened(original);
  const [task, priority, runAt, key, keepFor, keepFailedFor, keepCount, ...rest] = fields as Raw<Original>;
  const [maxAttempts, timeout, createdAt, schedule, scheduledFor, traceparent] = rest;
  const { fields: changes, bytes } = changed ? opened(changed) : unchanged;
  const { state: end, worker, reason, parked, errorBytes, noteBytes, ...others } = changes as Raw<Changes>;
  const notesFrom = errorBytes ?? 0;
  const resultFrom = notesFrom + (noteBytes ?? 0);
  const state = end ? (asText(end) as FinalState) : "pending";
  const job: Job = {
    id: asText(id),
    queue: asText(queue),
    task: asText(task),
    priority: asText(priority) as Priority,
    runAt,
    key: key && asText(key),
    keepFor,
    keepFailedFor,
    keepCount,
    maxAttempts,
    timeout,
    createdAt,
    schedule: schedule && asText(schedule),
    scheduledFor,
    traceparent: traceparent ? asText(traceparent) : null,
    input: copy(input),
    state,
    worker: worker ? asText(worker) : null,
    startedAt: null,
    finishedAt: null,
    reason: reason ? asText(reason) : null,
    parked: parked ? asText(parked) : null,
    errors: errorBytes === undefined ? null : copy(bytes.subarray(0, errorBytes)),
    notes: noteBytes === undefined ? null : copy(bytes.subarray(notesFrom, resultFrom)),
    result: state === "succeeded" ? copy(bytes.subarray(resultFrom)) : null,
    ...others,
  };
  if (running) {
    const [, worker, , startedAt] = /^(.*):(\d+):([^:]+)$/s.exec(asText(running))!;
    return { ...asRunning(job, worker!, Number(startedAt)), reason: cancelling ? asText(cancelling) : null };
  }
  return job;
}

const unchanged = { fields: { attempt: 0, claims: 0, crashes: 0 }, bytes: new Uint8Array() };

/** The fields of a schedule; its definition follows as bytes. Scripts know the first place. */
type ScheduleFields = [version: string, id: string, queue: string, nextRunAt: number | null, paused: boolean];

export function packSchedule({ version, id, queue, nextRunAt, paused, definition }: Schedule): Uint8Array {
  const fields: ScheduleFields = [version, id, queue, nextRunAt, paused];
  return closed(fields, definition);
}

/** The schedules that a script handed over, `null` where there is none. */
export function unpackSchedules(bytes: Uint8Array | null, count: number): (Schedule | null)[] {
  return (handedOver(bytes, count) as (Uint8Array | false)[]).map((document) => {
    if (!document) return null;
    const { fields, bytes: definition } = opened(document);
    const [version, id, queue, nextRunAt, paused] = fields as Raw<ScheduleFields>;
    return {
      id: asText(id),
      version: asText(version),
      queue: asText(queue),
      nextRunAt,
      paused,
      definition: copy(definition),
    };
  });
}

function handedOver(bytes: Uint8Array | null, count: number): unknown[] {
  const list = bytes && count > 0 ? rawDecoder.decode(bytes) : [];
  if (Array.isArray(list) && list.length === count) return list;
  throw new StorageUnavailableError("redis", "its answer was lost on the way");
}

function asText(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/** So that a part does not keep the whole answer in memory. */
function copy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** What the script of a heartbeat is asked; `sent` lets it tell a late heartbeat from a new one. */
export function packWorker(worker: WorkerRecord, sent: { by: string; count: number }) {
  const { id, seenAt, leaseUntil } = worker;
  const record = JSON.stringify({ ...worker, sent });
  return { worker: id, seenAt: String(seenAt), leaseUntil, record, sent };
}

/** The script writes before the record when the worker was registered. */
export function unpackWorker(stored: string): WorkerRecord {
  const { sent: _, ...worker } = JSON.parse(stored.slice(stored.indexOf(" ")));
  return worker;
}

/** The earliest `runAt` of a queue, how many jobs were ever added, whether it is paused, and its jobs in each state, as the script tells them. */
export type Counted = [nextRunAt: string | null, added: string | null, paused: number, ...numbers: number[]];

export function queueCounts(name: string, [nextRunAt, added, paused, ...numbers]: Counted): QueueCounts {
  const counts = Object.fromEntries(jobStates.map((state, place) => [state, numbers[place]!]));
  return {
    name,
    paused: paused === 1,
    ...(counts as Record<JobState, number>),
    nextRunAt: asTime(nextRunAt),
    added: Number(added),
  };
}

/** Scripts tell a time as a text. */
export function asTime(text: unknown): number | null {
  return text === null ? null : Number(text);
}
