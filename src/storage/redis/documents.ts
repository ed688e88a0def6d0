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

/** What a script is asked, or anything else without bytes in it. */
export function packed(value: unknown): Uint8Array {
  return encoder.encode(value);
}

/** A document as scripts open it: the length of its fields, the fields in msgpack, and bytes. */
function closed(packedFields: Uint8Array, ...parts: (Uint8Array | null)[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + (part?.length ?? 0), lengthBytes + packedFields.length);
  const document = new Uint8Array(size);
  // By hand: a view of each document costs more than all the rest.
  for (let place = lengthBytes - 1, left = packedFields.length; place >= 0; place--, left >>>= 8) {
    document[place] = left;
  }
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

function opened(document: Buffer): { fields: unknown; bytes: Buffer } {
  let length = 0;
  for (let place = 0; place < lengthBytes; place++) length = 256 * length + document[place]!;
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
type RawText<T> = Buffer | (null extends T ? null : never) | (undefined extends T ? undefined : never);

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
  if (!lastPacked?.original.every((value, place) => value === original[place])) {
    lastPacked = { original, fields: encoder.encode(original) };
  }
  return closed(lastPacked.fields, job.input);
}

/** Jobs that are added together mostly differ in nothing but their ids and inputs, which are not among the fields. */
let lastPacked: { original: Original; fields: Uint8Array } | undefined;

/**
 * What has changed about a job since it was inserted; its errors, its notes and its result follow as bytes. The encodings
 * of the scripts name the places.
 */
type Changes = [
  attempt: number,
  claims: number,
  crashes: number,
  runAt: number | null,
  worker: string | null,
  startedAt: number | null,
  reason: string | null,
  parked: string | null,
  errorBytes: number | null,
  noteBytes: number | null,
  /** Both, once the job has ended. */
  state: FinalState | null,
  finishedAt: number | null,
];

export function packChanges(job: Omit<Job, "input">): Uint8Array {
  const { attempt, claims, crashes, runAt, worker, startedAt, reason, parked } = job;
  const { errors, notes, result, finishedAt } = job;
  const changes: Changes = [
    attempt,
    claims,
    crashes,
    runAt,
    worker,
    startedAt,
    reason,
    parked,
    errors?.length ?? null,
    notes?.length ?? null,
    finishedAt === null ? null : (job.state as FinalState),
    finishedAt,
  ];
  return closed(encoder.encodeSharedRef(changes), errors, notes, result);
}

/** Jobs of a queue as scripts hand them over: by place, their ids, their documents and why they are to be cancelled. */
type StoredJobs = [
  queue: Buffer,
  ids: Buffer[],
  originals: Buffer[],
  changes: (Buffer | false)[],
  running?: (Buffer | false)[],
  cancelling?: (Buffer | false)[],
];

/** The jobs that a script handed over, `null` where there is none. */
export function unpackJobs(bytes: Uint8Array | null, count: number): (Job | null)[] {
  const jobs: (Job | null)[] = [];
  for (const stored of handedOver(bytes, count) as (StoredJobs | false)[]) {
    jobs.push(...(stored ? unpackStored(stored) : [null]));
  }
  return jobs;
}

function unpackStored([name, ids, originals, changes, running, cancelling]: StoredJobs): Job[] {
  const queue = asText(name);
  return ids.map((id, index) => {
    const job = unpackJob(asText(id), queue, originals[index]!, changes[index]!);
    const holder = running?.[index];
    if (!holder) return job;
    const [, worker, , startedAt] = /^\d+:(.*):(\d+):([^:]+)$/s.exec(asText(holder))!;
    const reason = cancelling?.[index];
    return { ...asRunning(job, worker!, Number(startedAt)), reason: reason ? asText(reason) : null };
  });
}

function unpackJob(id: string, queue: string, original: Buffer, changed: Buffer | false): Job {
  const { fields, bytes: input } = opened(original);
  const [task, priority, firstRunAt, key, keepFor, keepFailedFor, keepCount, ...rest] =
    fields as Raw<Original>;
  const [maxAttempts, timeout, createdAt, schedule, scheduledFor, traceparent] = rest;
  const { fields: changes, bytes } = changed ? opened(changed) : unchanged;
  const [attempt, claims, crashes, runAt, worker, startedAt, reason, parked, ...ended] =
    changes as Raw<Changes>;
  const [errorBytes, noteBytes, end, finishedAt] = ended;
  const notesFrom = errorBytes ?? 0;
  const resultFrom = notesFrom + (noteBytes ?? 0);
  const state = end ? (asText(end) as FinalState) : "pending";
  return {
    id,
    queue,
    task: asText(task),
    priority: asText(priority) as Priority,
    runAt: runAt ?? firstRunAt,
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
    attempt,
    claims,
    crashes,
    worker: worker && asText(worker),
    startedAt,
    finishedAt,
    reason: reason && asText(reason),
    parked: parked && asText(parked),
    errors: errorBytes === null ? null : copy(bytes.subarray(0, errorBytes)),
    notes: noteBytes === null ? null : copy(bytes.subarray(notesFrom, resultFrom)),
    result: state === "succeeded" ? copy(bytes.subarray(resultFrom)) : null,
  };
}

const nothing: Changes = [0, 0, 0, null, null, null, null, null, null, null, null, null];
const unchanged = { fields: nothing, bytes: Buffer.alloc(0) };

/** The fields of a schedule; its definition follows as bytes. Scripts know the first place. */
type ScheduleFields = [version: string, id: string, queue: string, nextRunAt: number | null, paused: boolean];

export function packSchedule({ version, id, queue, nextRunAt, paused, definition }: Schedule): Uint8Array {
  const fields: ScheduleFields = [version, id, queue, nextRunAt, paused];
  return closed(encoder.encodeSharedRef(fields), definition);
}

/** The schedules that a script handed over, `null` where there is none. */
export function unpackSchedules(bytes: Uint8Array | null, count: number): (Schedule | null)[] {
  return (handedOver(bytes, count) as (Buffer | false)[]).map((document) => {
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
  // As a buffer, of which each part is one, too: those become text much faster.
  const list = bytes && count > 0 ? rawDecoder.decode(asBuffer(bytes)) : [];
  if (Array.isArray(list) && list.length === count) return list;
  throw new StorageUnavailableError("redis", "its answer was lost on the way");
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, length);
}

function asText(bytes: Buffer): string {
  return bytes.toString();
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
