import { LeaseLostError } from "../../../src/errors.ts";
import { finalStates, isFinal, type Job, type NewJob, priorities } from "../../../src/job.ts";
import {
  claimBytes,
  type Outcome,
  type QueueRecord,
  type Schedule,
  type Storage,
  type WorkerRecord,
} from "../../../src/storage/storage.ts";

export type Method = Exclude<keyof Storage, "onWake" | "check" | "close">;

/** What the storages are compared with: the contract in plain lists, with no thought of cost. */
export type Model = {
  [M in Method]: (...asked: Parameters<Storage[M]>) => Awaited<ReturnType<Storage[M]>>;
};

export function createModel(): Model {
  let jobs: Job[] = [];
  let queues: QueueRecord[] = [];
  const added = new Map<string, number>();
  let workers: WorkerRecord[] = [];
  let registrations: { id: string; at: number }[] = [];
  let schedules: Schedule[] = [];
  /** The running jobs that somebody wants cancelled, and why. */
  let unwanted: { id: string; reason: string }[] = [];

  const find = (id: string) => jobs.find((job) => job.id === id);
  const shown = (job: Job | undefined) =>
    job && { ...job, reason: unwanted.find(({ id }) => id === job.id)?.reason ?? job.reason };
  const isOpen = (queue: string) => queues.some(({ name, paused }) => name === queue && !paused);
  const heldBy = (worker: string) => jobs.filter((job) => job.state === "running" && job.worker === worker);
  const holderOf = ({ queue, key }: NewJob) =>
    jobs.find((job) => key !== null && job.key === key && job.queue === queue && !isFinal(job.state));

  function put(job: Job) {
    jobs = jobs.filter(({ id }) => id !== job.id);
    if (keptUntil(job) !== job.finishedAt || !isFinal(job.state)) jobs.push(job);
    if (job.state !== "running") unwanted = unwanted.filter(({ id }) => id !== job.id);
  }

  function putBack(before: Job, after: Partial<Job>, now: number) {
    const request = unwanted.find(({ id }) => id === before.id);
    if (request) {
      const { reason } = request;
      const ended = { state: "cancelled", finishedAt: now, runAt: before.runAt, parked: null } as const;
      put({ ...before, ...after, ...ended, reason });
    } else {
      put({ ...before, ...after, state: "pending" });
    }
  }

  function know(name: string, paused = queues.find((queue) => queue.name === name)?.paused ?? false) {
    queues = [...queues.filter((queue) => queue.name !== name), { name, paused }].sort(
      by(({ name }) => name),
    );
  }

  function add(job: NewJob): string {
    if (find(job.id)) return job.id;
    const holder = holderOf(job);
    if (holder) return holder.id;
    know(job.queue);
    added.set(job.queue, (added.get(job.queue) ?? 0) + 1);
    put(asPending(job));
    return job.id;
  }

  function settle(job: Job, outcome: Outcome, now: number) {
    const { attempt, errors } = job;
    const crashes = job.crashes + (outcome.crashed ? 1 : 0);
    const ran = { ...job, crashes, startedAt: outcome.startedAt, notes: outcome.notes ?? job.notes };
    const ended = { ...ran, finishedAt: now };
    switch (outcome.kind) {
      case "succeeded":
        return put({ ...ended, state: "succeeded", result: outcome.result });
      case "failed":
        return put({ ...ended, state: "failed", errors: outcome.errors });
      case "cancelled":
        return put({
          ...ended,
          state: "cancelled",
          errors: outcome.errors ?? errors,
          reason: outcome.reason,
        });
      case "retry":
        return putBack(ran, { runAt: outcome.runAt, errors: outcome.errors }, now);
      case "released":
        return putBack(
          ran,
          {
            runAt: outcome.runAt,
            reason: outcome.reason,
            attempt: attempt - 1,
            parked: outcome.parked ?? null,
          },
          now,
        );
    }
  }

  function earliestIn(isWanted: (queue: string) => boolean): number | null {
    const times = jobs.flatMap((job) => (isInLine(job) && isWanted(job.queue) ? job.runAt : []));
    return times.length === 0 ? null : Math.min(...times);
  }

  function requireLease(worker: string, now: number) {
    if (!workers.some(({ id, leaseUntil }) => id === worker && leaseUntil > now)) {
      throw new LeaseLostError(worker);
    }
  }

  function take(due: Job[], worker: string, limit: number, now: number): Job[] {
    let bytes = 0;
    const excess = due.findIndex((job, index) => {
      bytes += job.input.length;
      return index > 0 && bytes > claimBytes;
    });
    const taken = due.slice(0, excess < 0 ? limit : Math.min(limit, excess)).map((job): Job => {
      const counted = { attempt: job.attempt + 1, claims: job.claims + 1 };
      return { ...job, ...counted, state: "running", worker, startedAt: now, reason: null, parked: null };
    });
    taken.forEach(put);
    return taken;
  }

  return {
    insert: (batch) => batch.map(add),

    claim(worker, names, limit, now) {
      requireLease(worker, now);
      const due = [...new Set(names)].filter(isOpen).flatMap((name) =>
        jobs
          .filter((job) => job.queue === name && isInLine(job) && job.runAt <= now)
          .sort(
            by(
              ({ priority }) => priorities.indexOf(priority),
              ({ runAt }) => runAt,
              ({ id }) => id,
            ),
          ),
      );
      return take(due, worker, limit, now);
    },

    claimParked(worker, { queues, tasks, sources }, limit, now) {
      requireLease(worker, now);
      const wanted = jobs.filter(({ task, queue, parked }) => {
        const isForOthers = parked !== null && parked !== sources;
        return isForOthers && tasks.includes(task) && queues.includes(queue) && isOpen(queue);
      });
      return take(wanted, worker, limit, now);
    },

    settle(worker, outcomes, now) {
      return outcomes.map((outcome) => {
        const job = heldBy(worker).find(({ id, claims }) => id === outcome.id && claims === outcome.claims);
        if (job) settle(job, outcome, now);
        return job !== undefined;
      });
    },

    note(worker, notes) {
      for (const { id, claims, notes: said } of notes) {
        const job = heldBy(worker).find((job) => job.id === id && job.claims === claims);
        if (job) put({ ...job, notes: said });
      }
    },

    heartbeat(worker) {
      const { id, seenAt } = worker;
      workers = [...workers.filter((other) => other.id !== id), worker].sort(by(({ id }) => id));
      const registeredAt = registrations.find((other) => other.id === id)?.at ?? seenAt;
      registrations = [...registrations.filter((other) => other.id !== id), { id, at: registeredAt }];
      const held = heldBy(id);
      const cancel = unwanted.filter((request) => held.some(({ id }) => id === request.id));
      return { running: held.length, cancel: cancel.sort(by(({ id }) => id)), registeredAt };
    },

    recover(now) {
      const lost = workers.filter(({ leaseUntil }) => leaseUntil <= now).flatMap(({ id }) => heldBy(id));
      workers = workers.filter(({ leaseUntil }) => leaseUntil > now);
      registrations = registrations.filter(({ id }) => workers.some((worker) => worker.id === id));
      for (const job of lost) {
        putBack(job, { attempt: job.attempt - 1, crashes: job.crashes + 1 }, now);
      }
      return lost.map(({ id }) => id);
    },

    schedules: (ids) => schedules.filter(({ id }) => !ids || ids.includes(id)),

    nextSchedules: (limit) =>
      schedules
        .filter(({ paused, nextRunAt }) => !paused && nextRunAt !== null)
        .sort(
          by(
            ({ nextRunAt }) => nextRunAt!,
            ({ id }) => id,
          ),
        )
        .slice(0, limit),

    changeSchedules(changes) {
      return changes.map((change) => {
        const version = schedules.find(({ id }) => id === change.id)?.version ?? null;
        if (version !== change.from) return false;
        const others = schedules.filter(({ id }) => id !== change.id);
        schedules = (change.to ? [...others, change.to] : others).sort(by(({ id }) => id));
        if (change.to) know(change.to.queue);
        change.jobs.forEach(add);
        return true;
      });
    },

    nextRunAt(names) {
      return earliestIn((queue) => names.includes(queue) && isOpen(queue));
    },

    get: (ids) => ids.map((id) => shown(find(id)) ?? null),

    states: (ids) => ids.map((id) => find(id)?.state ?? null),

    list(filter, { limit, after }) {
      const wanted = Object.entries(filter) as [keyof typeof filter, string][];
      return jobs
        .filter((job) => wanted.every(([field, value]) => job[field] === value))
        .filter(({ id }) => after === undefined || id < after)
        .sort(by(({ id }) => id))
        .reverse()
        .slice(0, limit)
        .map((job) => shown(job)!);
    },

    counts() {
      return queues.map((queue) => {
        const there = jobs.filter((job) => job.queue === queue.name);
        const count = (wanted: Job["state"]) => there.filter(({ state }) => state === wanted).length;
        const [succeeded, failed, cancelled] = finalStates.map(count) as [number, number, number];
        return {
          ...queue,
          pending: count("pending"),
          running: count("running"),
          succeeded,
          failed,
          cancelled,
          nextRunAt: earliestIn((name) => name === queue.name),
          added: added.get(queue.name) ?? 0,
        };
      });
    },

    queues: () => queues,

    workers: () => workers,

    cancel(ids, reason, now) {
      return ids.map((id) => {
        const job = find(id);
        if (job?.state === "pending")
          put({ ...job, state: "cancelled", finishedAt: now, reason, parked: null });
        if (job?.state === "running" && !unwanted.some((request) => request.id === id))
          unwanted.push({ id, reason });
        return job?.state ?? null;
      });
    },

    retry(ids, now) {
      return ids.map((id) => {
        const job = find(id);
        if (!job || !isFinal(job.state) || holderOf(job)) return false;
        const uncounted = { attempt: 0, crashes: 0, result: null, finishedAt: null, reason: null };
        put({ ...job, ...uncounted, state: "pending", runAt: now });
        return true;
      });
    },

    pause: (queue, paused) => know(queue, paused),

    prune(now, limit) {
      const overdue = jobs.filter((job) => keptUntil(job) <= now).sort(by(keptUntil));
      const gone = overdue.slice(0, limit);
      jobs = jobs.filter((job) => !gone.includes(job));
      return gone.length;
    },

    trim({ queue, task, state }, count, limit) {
      const ended = jobs
        .filter((job) => job.queue === queue && job.task === task && job.state === state)
        .sort(
          by(
            ({ finishedAt }) => finishedAt!,
            ({ id }) => id,
          ),
        );
      const gone = ended.slice(0, Math.max(0, ended.length - count)).slice(0, limit);
      jobs = jobs.filter((job) => !gone.includes(job));
      return gone.length;
    },
  };
}

/** When the time to be kept is over: never for a job that has not ended. */
export function keptUntil(job: Job): number {
  const kept = job.state === "failed" ? job.keepFailedFor : job.keepFor;
  return kept === null || !isFinal(job.state) ? Number.POSITIVE_INFINITY : job.finishedAt! + kept;
}

/** What cannot be run by those that looked at it waits outside of the line. */
function isInLine({ state, parked }: Job): boolean {
  return state === "pending" && parked === null;
}

function asPending(job: NewJob): Job {
  const uncounted = { attempt: 0, claims: 0, crashes: 0, worker: null, startedAt: null, finishedAt: null };
  const unknown = { result: null, errors: null, reason: null, parked: null, notes: null };
  return { ...job, ...uncounted, ...unknown, state: "pending" };
}

/** Orders by the first of the parts in which two differ. */
function by<T>(...parts: ((item: T) => string | number)[]) {
  return (a: T, b: T): number => {
    const part = parts.find((part) => part(a) !== part(b));
    if (!part) return 0;
    return part(a) < part(b) ? -1 : 1;
  };
}
