import { isFinal, type Job, keptFor, type Priority, priorities } from "../../job.ts";
import type { QueueCounts, QueueRecord, Schedule, ScheduleChange, WorkerRecord } from "../storage.ts";

interface Queue {
  /** How many jobs were ever added. */
  added: number;
  paused: boolean;
  /** The id of the pending or running job that holds a key. */
  keys: Map<string, string>;
  pending: Record<Priority, Line>;
}

/** Pending jobs, latest `(runAt, id)` first: the next one due stands last, where taking it moves no other. */
type Line = Job[];

export interface Subscription {
  /** `null` for all. */
  queues: ReadonlySet<string> | null;
  callback: () => void;
}

export type Data = ReturnType<typeof emptyData>;

export function emptyData() {
  return {
    jobs: new Map<string, Job>(),
    /** The running jobs that somebody wants cancelled, and why. */
    cancelling: new Map<string, string>(),
    queues: new Map<string, Queue>(),
    workers: new Map<string, WorkerRecord>(),
    /** When each of them was registered. */
    registeredAt: new Map<string, number>(),
    schedules: new Map<string, Schedule>(),
    subscriptions: new Set<Subscription>(),
    /** The queues whose subscribers are about to be called. */
    woken: new Set<string>(),
  };
}

export function add(data: Data, job: Job): string {
  if (data.jobs.has(job.id)) return job.id;
  const holder = keyHolder(data, job);
  if (holder !== undefined) return holder;
  data.jobs.set(job.id, job);
  queueOf(data, job.queue).added++;
  enter(data, job);
  return job.id;
}

/** The one way to change a stored job: lines, keys and requests to cancel stay in step with it. */
export function change(data: Data, job: Job, fields: Partial<Job>): void {
  leave(data, job);
  Object.assign(job, fields);
  if (isFinal(job.state) && keptFor(job, job.state) === 0) data.jobs.delete(job.id);
  else enter(data, job);
}

/** Returns whether it applied. */
export function changeSchedule(
  data: Data,
  { id, from, to, jobs }: ScheduleChange & { jobs: readonly Job[] },
): boolean {
  if ((data.schedules.get(id)?.version ?? null) !== from) return false;
  if (to) {
    data.schedules.set(id, to);
    queueOf(data, to.queue);
    if (isUpcoming(to)) wake(data, to.queue);
  } else {
    data.schedules.delete(id);
  }
  for (const job of jobs) add(data, job);
  return true;
}

/** Whether it will fire. */
export function isUpcoming(schedule: Schedule): schedule is Schedule & { nextRunAt: number } {
  return !schedule.paused && schedule.nextRunAt !== null;
}

/** When its time to be kept is over, `null` for never. */
export function expiry(job: Job): number | null {
  const kept = isFinal(job.state) ? keptFor(job, job.state) : null;
  return kept === null ? null : job.finishedAt! + kept;
}

function enter(data: Data, job: Job): void {
  const queue = queueOf(data, job.queue);
  if (job.key !== null && !isFinal(job.state)) queue.keys.set(job.key, job.id);
  if (isInLine(job)) {
    const line = queue.pending[job.priority];
    line.splice(position(line, job), 0, job);
    wake(data, job.queue);
  }
}

function leave(data: Data, job: Job): void {
  const queue = queueOf(data, job.queue);
  if (job.key !== null && !isFinal(job.state)) queue.keys.delete(job.key);
  if (isInLine(job)) {
    const line = queue.pending[job.priority];
    line.splice(position(line, job), 1);
  }
  data.cancelling.delete(job.id);
}

function isInLine({ state, parked }: Job): boolean {
  return state === "pending" && parked === null;
}

/** Where in its line the job stands or belongs. */
function position(line: Line, job: Job): number {
  let low = 0;
  let high = line.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = line[middle]!;
    if (other.runAt > job.runAt || (other.runAt === job.runAt && other.id > job.id)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function keyHolder(data: Data, { queue, key }: Job): string | undefined {
  return key === null ? undefined : queueOf(data, queue).keys.get(key);
}

/** Makes the queue known if it was not. */
export function queueOf(data: Data, name: string): Queue {
  const queue = data.queues.get(name) ?? {
    added: 0,
    paused: false,
    keys: new Map(),
    pending: { high: [], normal: [], low: [] },
  };
  data.queues.set(name, queue);
  return queue;
}

/** The lines of those of the queues that are not paused, in the order in which they are claimed. */
export function openLines({ queues }: Data, names: readonly string[]): Line[] {
  const open = names.flatMap((name) => queues.get(name) ?? []).filter((queue) => !queue.paused);
  return open.flatMap(linesOf);
}

function linesOf({ pending }: Queue): Line[] {
  return priorities.map((priority) => pending[priority]);
}

/** The earliest `runAt` in the lines, `null` if they are empty. */
export function earliestIn(lines: readonly Line[]): number | null {
  const times = lines.flatMap((line) => line.at(-1)?.runAt ?? []);
  return times.length === 0 ? null : Math.min(...times);
}

export function queueRecords({ queues }: Data): QueueRecord[] {
  return [...queues.keys()].sort().map((name) => ({ name, paused: queues.get(name)!.paused }));
}

export function count(data: Data): QueueCounts[] {
  const none = { pending: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
  const counts = new Map<string, QueueCounts>();
  for (const queue of queueRecords(data)) {
    const own = queueOf(data, queue.name);
    const nextRunAt = earliestIn(linesOf(own));
    counts.set(queue.name, { ...queue, ...none, nextRunAt, added: own.added });
  }
  for (const job of data.jobs.values()) counts.get(job.queue)![job.state]++;
  return [...counts.values()];
}

/** Calls back once the step that is under way has taken effect as a whole. */
export function wake(data: Data, name: string): void {
  if (data.woken.size === 0) queueMicrotask(() => callBack(data));
  data.woken.add(name);
}

function callBack(data: Data): void {
  const { woken } = data;
  data.woken = new Set();
  for (const { queues, callback } of data.subscriptions) {
    if (!queues?.isDisjointFrom(woken)) callback();
  }
}
