import { StorageError } from "../errors.ts";
import { isFinal, type Job, type NewJob } from "../job.ts";
import { claiming, isWanted } from "./memory/claim.ts";
import {
  add,
  change,
  changeSchedule,
  count,
  type Data,
  earliestIn,
  emptyData,
  expiry,
  isUpcoming,
  keyHolder,
  openLines,
  queueOf,
  queueRecords,
  type Subscription,
  wake,
} from "./memory/data.ts";
import type { Storage, WorkerRecord } from "./storage.ts";
import { settled } from "./transitions.ts";

const named = new Map<string, Data>();

/**
 * Opens a storage that lives in this program's memory: for tests, and as the model that others are compared with.
 * Handles of the same name share their data, which stays when they are closed. Without a name the data is the
 * handle's own.
 */
export function openMemory(name = ""): Storage {
  const data = named.get(name) ?? emptyData();
  if (name !== "") named.set(name, data);
  const subscriptions = new Set<Subscription>();
  let closed = false;

  function use(): Data {
    if (closed) throw new StorageError("this handle of the memory storage is closed: open another");
    return data;
  }

  return {
    async insert(batch) {
      const data = use();
      const fresh = batch.map(asPending);
      return fresh.map((job) => add(data, job));
    },

    async claim(worker, names, limit, now) {
      const data = use();
      const { claimed, take } = claiming(data, worker, now);
      for (const line of openLines(data, names)) {
        for (let job = line.at(-1); claimed.length < limit && job && job.runAt <= now; job = line.at(-1)) {
          if (!take(job)) return claimed;
        }
      }
      return claimed;
    },

    async claimParked(worker, wanted, limit, now) {
      const data = use();
      const { claimed, take } = claiming(data, worker, now);
      for (const job of data.jobs.values()) {
        if (claimed.length === limit) break;
        if (isWanted(data, job, wanted) && !take(job)) break;
      }
      return claimed;
    },

    async settle(worker, batch, now) {
      const data = use();
      const outcomes = batch.map((outcome) => ({ ...outcome }));
      return outcomes.map((outcome) => {
        const job = heldBy(data, worker, outcome);
        if (!job) return false;
        change(data, job, unlessCancelled(data, job, settled(job, outcome, now), now));
        return true;
      });
    },

    async note(worker, notes) {
      const data = use();
      for (const note of notes) {
        const job = heldBy(data, worker, note);
        if (job) job.notes = note.notes;
      }
    },

    async heartbeat(worker) {
      const data = use();
      data.workers.set(worker.id, copyWorker(worker));
      const registeredAt = data.registeredAt.get(worker.id) ?? worker.seenAt;
      data.registeredAt.set(worker.id, registeredAt);
      const ids = running(data, worker.id).map((job) => job.id);
      const cancel = ids.flatMap((id) => {
        const reason = data.cancelling.get(id);
        return reason === undefined ? [] : { id, reason };
      });
      return { running: ids.length, cancel, registeredAt };
    },

    async recover(now) {
      const data = use();
      const lost = [...data.workers.values()].filter((worker) => worker.leaseUntil <= now);
      const jobs = lost.flatMap((worker) => running(data, worker.id));
      for (const job of jobs) {
        const after = { state: "pending", attempt: job.attempt - 1, crashes: job.crashes + 1 } as const;
        change(data, job, unlessCancelled(data, job, after, now));
      }
      for (const { id } of lost) {
        data.workers.delete(id);
        data.registeredAt.delete(id);
      }
      return jobs.map((job) => job.id);
    },

    async schedules(ids) {
      return [...use().schedules.values()]
        .filter(({ id }) => ids?.includes(id) ?? true)
        .map((schedule) => ({ ...schedule }))
        .sort(byId);
    },

    async nextSchedules(limit) {
      return [...use().schedules.values()]
        .filter(isUpcoming)
        .sort((a, b) => a.nextRunAt - b.nextRunAt || byId(a, b))
        .slice(0, limit)
        .map((schedule) => ({ ...schedule }));
    },

    async changeSchedules(batch) {
      const data = use();
      const changes = batch.map(({ id, from, to, jobs }) => ({
        id,
        from,
        to: to && { ...to },
        jobs: jobs.map(asPending),
      }));
      return changes.map((change) => changeSchedule(data, change));
    },

    async nextRunAt(names) {
      return earliestIn(openLines(use(), names));
    },

    onWake(names, callback) {
      const data = use();
      const subscription = { queues: names && new Set(names), callback };
      subscriptions.add(subscription);
      data.subscriptions.add(subscription);
      return () => {
        subscriptions.delete(subscription);
        data.subscriptions.delete(subscription);
      };
    },

    async get(ids) {
      const data = use();
      return ids.map((id) => (data.jobs.has(id) ? asShown(data, data.jobs.get(id)!) : null));
    },

    async states(ids) {
      const { jobs } = use();
      return ids.map((id) => jobs.get(id)?.state ?? null);
    },

    async list(filter, { limit, after }) {
      const fields = ["state", "task", "queue", "worker"] as const;
      const data = use();
      return [...data.jobs.values()]
        .filter((job) => fields.every((field) => filter[field] === undefined || filter[field] === job[field]))
        .filter((job) => after === undefined || job.id < after)
        .sort((a, b) => byId(b, a))
        .slice(0, limit)
        .map((job) => asShown(data, job));
    },

    async counts() {
      return count(use());
    },

    async queues() {
      return queueRecords(use());
    },

    async workers() {
      return [...use().workers.values()].map(copyWorker).sort(byId);
    },

    async cancel(ids, reason, now) {
      const data = use();
      return ids.map((id) => {
        const job = data.jobs.get(id);
        const state = job?.state ?? null;
        if (job && state === "pending")
          change(data, job, { state: "cancelled", finishedAt: now, reason, parked: null });
        if (state === "running" && !data.cancelling.has(id)) data.cancelling.set(id, reason);
        return state;
      });
    },

    async retry(ids, now) {
      const data = use();
      return ids.map((id) => {
        const job = data.jobs.get(id);
        if (!job || !isFinal(job.state) || keyHolder(data, job) !== undefined) return false;
        const uncounted = { attempt: 0, crashes: 0, result: null, finishedAt: null, reason: null };
        change(data, job, { state: "pending", runAt: now, ...uncounted });
        return true;
      });
    },

    async pause(name, paused) {
      const data = use();
      queueOf(data, name).paused = paused;
      if (!paused) wake(data, name);
    },

    async prune(now, limit) {
      const { jobs } = use();
      const overdue = [...jobs.values()]
        .filter((job) => (expiry(job) ?? Number.POSITIVE_INFINITY) <= now)
        .sort((a, b) => expiry(a)! - expiry(b)!)
        .slice(0, limit);
      for (const { id } of overdue) jobs.delete(id);
      return overdue.length;
    },

    async trim({ queue, task, state }, count, limit) {
      const { jobs } = use();
      const ended = [...jobs.values()]
        .filter((job) => job.queue === queue && job.task === task && job.state === state)
        .sort((a, b) => a.finishedAt! - b.finishedAt! || byId(a, b));
      const excess = ended.slice(0, Math.min(limit, Math.max(0, ended.length - count)));
      for (const { id } of excess) jobs.delete(id);
      return excess.length;
    },

    async check() {
      use();
      return { durability: "jobs end with this program", warnings: [] };
    },

    async close() {
      closed = true;
      for (const subscription of subscriptions) data.subscriptions.delete(subscription);
    },
  };
}

function asPending(job: NewJob): Job {
  const counted = { attempt: 0, claims: 0, crashes: 0 };
  const unknown = {
    worker: null,
    startedAt: null,
    finishedAt: null,
    result: null,
    errors: null,
    reason: null,
    parked: null,
    notes: null,
  };
  return { ...job, state: "pending", ...counted, ...unknown };
}

function asShown({ cancelling }: Data, job: Job): Job {
  return { ...job, reason: cancelling.get(job.id) ?? job.reason };
}

/** A job that somebody wants cancelled ends where another becomes pending again. */
function unlessCancelled(data: Data, job: Job, after: Partial<Job>, now: number): Partial<Job> {
  const reason = data.cancelling.get(job.id);
  if (after.state !== "pending" || reason === undefined) return after;
  return { ...after, state: "cancelled", finishedAt: now, runAt: job.runAt, reason, parked: null };
}

/** The running job of this claim, if the worker holds it. */
function heldBy(data: Data, worker: string, { id, claims }: { id: string; claims: number }): Job | undefined {
  const job = data.jobs.get(id);
  return job?.state === "running" && job.worker === worker && job.claims === claims ? job : undefined;
}

function running(data: Data, worker: string): Job[] {
  return [...data.jobs.values()].filter((job) => job.state === "running" && job.worker === worker).sort(byId);
}

function copyWorker(worker: WorkerRecord): WorkerRecord {
  return { ...worker, queues: [...worker.queues] };
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}
