import fc from "fast-check";
import { type NewJob, priorities } from "../../../src/job.ts";
import type { WorkerRecord } from "../../../src/storage/storage.ts";

/** When a sequence begins: as large as real times, which some encodings of numbers would round. */
export const start = 1_700_000_000_123;

export const queues = ["a", "b", "c"];
export const tasks = ["t", "u"];
/** What workers run. */
export const sources = ["v1", "v2"];
export const workers = ["w1", "w2", "w3"];

/** Few, so that random sequences come back to the same jobs. */
export const numbers = 32;
export const all = { limit: numbers };
export const idStart = "01890000-0000-7000-8000-";
export const ids = Array.from(
  { length: numbers },
  (_, number) => `${idStart}${`${number}`.padStart(12, "0")}`,
);

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Two of them pass what one claim may take. */
const large = new Uint8Array(2_200_000).fill(7);

export const defaults = {
  task: "t",
  priority: "normal",
  input: bytes("input"),
  maxAttempts: 3,
  timeout: null,
  key: null,
  createdAt: start,
  schedule: null,
  scheduledFor: null,
  keepFor: null,
  keepFailedFor: null,
  keepCount: null,
  traceparent: null,
} as const satisfies Partial<NewJob>;

export const anId = fc.constantFrom(...ids);
export const anyIds = fc.array(anId, { maxLength: 5 });
export const aQueue = fc.constantFrom(...queues);
export const anyQueues = fc.array(aQueue, { maxLength: 4 });
export const aWorker = fc.constantFrom(...workers);
export const aTask = fc.constantFrom(...tasks);
/** A time, as it is from now. */
export const anOffset = fc.constantFrom(0, 0, -3, 1, 2, 9, 40);

const kept = fc.constantFrom(null, null, null, null, 0, 1, 20, 90);

/** A job that is due at an offset from now. */
export const aJob = fc.record({
  id: anId,
  offset: anOffset,
  fields: fc.record({
    task: aTask,
    priority: fc.constantFrom(...priorities),
    key: fc.constantFrom(null, null, "x", "y"),
    keepFor: kept,
    keepFailedFor: kept,
    input: fc.oneof({ weight: 120, arbitrary: fc.constant(defaults.input) }, fc.constant(large)),
  }),
});
export type AJob = typeof aJob extends fc.Arbitrary<infer T> ? T : never;

export function workerRecord(
  id: string,
  now: number,
  lease: number,
  fields: Partial<WorkerRecord> = {},
): WorkerRecord {
  const fixed = { host: "host", pid: Number(id.slice(1)), project: "p", startedAt: start, claimedAt: null };
  return { id, ...fixed, queues: [], release: "", seenAt: now, leaseUntil: now + lease, ...fields };
}

export function idsOf(items: readonly { id: string }[]): string[] {
  return items.map(({ id }) => id);
}
