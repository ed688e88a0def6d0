import { LeaseLostError } from "../errors.ts";
import { type FinalState, isFinal, type NewJob, priorities } from "../job.ts";
import { accessTo } from "./sqlite/access.ts";
import { claiming } from "./sqlite/claim.ts";
import { openDatabase, type Synchronous } from "./sqlite/database.ts";
import { type JobRow, toJob, toSchedule, toWorker } from "./sqlite/rows.ts";
import { settle } from "./sqlite/settle.ts";
import { newTally, type Tally } from "./sqlite/tally.ts";
import { watchCommits } from "./sqlite/wake.ts";
import type { ScheduleChange, Storage } from "./storage.ts";

/** Keeps everything in one SQLite file, for any number of programs on one machine. */
export function openSqlite(path: string, synchronous: Synchronous = "full"): Storage {
  const opened = openDatabase(path);
  const { database, select, change } = opened;
  const { assertOpen, read, write, writeLightly, close } = accessTo(opened, path, synchronous);
  const commits = watchCommits(database, path);

  /** For work that adds or ends jobs. */
  function writeCounted<T>(work: (tally: Tally) => T): Promise<T> {
    return write(() => {
      const tally = newTally(change);
      const result = work(tally);
      tally.write();
      return result;
    });
  }

  function add(jobs: readonly NewJob[], tally: Tally): string[] {
    return jobs.map((job) => {
      const { changes } = change.insert.run(
        job.id,
        job.task,
        job.queue,
        priorities.indexOf(job.priority),
        job.runAt,
        job.input,
        job.maxAttempts,
        job.timeout,
        job.key,
        job.createdAt,
        job.schedule,
        job.scheduledFor,
        job.keepFor,
        job.keepFailedFor,
        job.keepCount,
        job.traceparent,
      );
      tally.added(job.queue, changes);
      if (changes === 1 || select.state.get(job.id)) return job.id;
      return select.keyHolder.get(job.queue, job.key)!.id;
    });
  }

  function changeSchedule({ id, from, to, jobs }: ScheduleChange, tally: Tally): boolean {
    if ((select.scheduleVersion.get(id)?.version ?? null) !== from) return false;
    if (to) {
      tally.added(to.queue, 0);
      change.putSchedule.run(id, to.version, to.queue, to.nextRunAt, to.paused ? 1 : 0, to.definition);
    } else {
      change.removeSchedule.run(id);
    }
    add(jobs, tally);
    return true;
  }

  function notPaused(queues: readonly string[]): string[] {
    const paused = new Set(select.queues.all().flatMap((queue) => (queue.paused ? [queue.name] : [])));
    return queues.filter((queue) => !paused.has(queue));
  }

  function earliest(queues: readonly string[]): number | null {
    let found: number | null = null;
    for (const queue of notPaused(queues)) {
      const { runAt } = select.nextRunAt.get(queue)!;
      if (runAt !== null && (found === null || runAt < found)) found = runAt;
    }
    return found;
  }

  function requireLease(worker: string, now: number) {
    if (!select.lease.get(worker, now)) throw new LeaseLostError(worker);
  }

  return {
    async insert(jobs) {
      const ids = await writeCounted((tally) => add(jobs, tally));
      commits.notify();
      return ids;
    },

    async claim(worker, queues, limit, now) {
      // Looking first takes no lock: an idle worker disturbs nobody.
      const due = await read(() => {
        requireLease(worker, now);
        return (earliest(queues) ?? Number.POSITIVE_INFINITY) <= now;
      });
      if (!due) return [];
      return writeLightly(() => {
        requireLease(worker, now);
        const { claimed, take } = claiming(change, worker, now);
        for (const queue of notPaused(queues)) {
          for (let level = 0; level < priorities.length && claimed.length < limit; level++) {
            if (!take(select.due.iterate(queue, level, now, limit - claimed.length))) return claimed;
          }
        }
        return claimed;
      });
    },

    async claimParked(worker, { queues, tasks, sources }, limit, now) {
      const someAre = await read(() => {
        requireLease(worker, now);
        return select.anyParked.get();
      });
      if (!someAre) return [];
      return writeLightly(() => {
        requireLease(worker, now);
        const { claimed, take } = claiming(change, worker, now);
        const open = JSON.stringify([...notPaused(queues)]);
        take(select.parked.iterate(JSON.stringify(tasks), sources, open, limit));
        return claimed;
      });
    },

    async settle(worker, outcomes, now) {
      const applied = await writeCounted((tally) => {
        const applied = outcomes.map((outcome) => settle(change, worker, outcome, now, tally));
        change.deleteUnkept.run(now);
        return applied;
      });
      if (outcomes.some(({ kind }) => kind === "retry" || kind === "released")) commits.notify();
      return applied;
    },

    async note(worker, notes) {
      await writeLightly(() => {
        for (const { id, claims, notes: bytes } of notes) change.note.run(bytes, id, worker, claims);
      });
    },

    heartbeat(worker) {
      return writeLightly(() => {
        const record = { ...worker, queues: JSON.stringify(worker.queues) };
        const { registeredAt } = change.heartbeat.get(record)!;
        const running = select.running.all(worker.id);
        const cancel = running.flatMap(({ id, cancelling }) =>
          cancelling === null ? [] : { id, reason: cancelling },
        );
        return { running: running.length, cancel, registeredAt };
      });
    },

    async recover(now) {
      if (!(await read(() => select.endedWorker.get(now)))) return [];
      const recovered = await writeCounted((tally) => {
        const jobs = change.endWorkers.all(now).flatMap(({ id }) => change.recover.all(now, id));
        for (const { queue, state } of jobs) if (isFinal(state)) tally.ended(queue, state);
        change.deleteUnkept.run(now);
        return jobs.map(({ id }) => id);
      });
      if (recovered.length > 0) commits.notify();
      return recovered;
    },

    schedules: (ids) =>
      read(() => {
        const rows = ids
          ? [...new Set(ids)].sort().flatMap((id) => select.schedule.get(id) ?? [])
          : select.schedules.all();
        return rows.map(toSchedule);
      }),

    nextSchedules: (limit) => read(() => select.nextSchedules.all(limit).map(toSchedule)),

    async changeSchedules(changes) {
      const applied = await writeCounted((tally) => changes.map((one) => changeSchedule(one, tally)));
      if (applied.includes(true)) commits.notify();
      return applied;
    },

    nextRunAt: (queues) => read(() => earliest(queues)),

    onWake(_queues, callback) {
      assertOpen();
      return commits.listen(callback);
    },

    get: (ids) =>
      read(() =>
        ids.map((id) => {
          const row = select.job.get(id);
          return row ? toJob(row) : null;
        }),
      ),

    states: (ids) => read(() => ids.map((id) => select.state.get(id)?.state ?? null)),

    list: (filter, page) =>
      read(() => {
        const wanted = { ...filter };
        const columns = (["state", "task", "queue", "worker"] as const).filter(
          (name) => wanted[name] !== undefined,
        );
        const conditions = columns.map((name) => `${name} = ?`);
        const values: (string | number)[] = columns.map((name) => wanted[name]!);
        if (page.after !== undefined) {
          conditions.push("id < ?");
          values.push(page.after);
        }
        const where = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
        // SQLite would rather pass all jobs than sort the few that run.
        const few = "(SELECT * FROM jobs INDEXED BY jobs_running WHERE state = 'running')";
        const jobs = filter.state === "running" ? few : "jobs";
        return database
          .query<JobRow, (string | number)[]>(`SELECT * FROM ${jobs} ${where} ORDER BY id DESC LIMIT ?`)
          .all(...values, page.limit)
          .map(toJob);
      }),

    counts: () => read(() => select.counts.all().map((row) => ({ ...row, paused: row.paused === 1 }))),

    queues: () => read(() => select.queues.all().map(({ name, paused }) => ({ name, paused: paused === 1 }))),

    workers: () => read(() => select.workers.all().map(toWorker)),

    cancel: (ids, reason, now) =>
      writeCounted((tally) =>
        ids.map((id) => {
          const job = select.state.get(id);
          if (job?.state === "pending") {
            change.cancelPending.run(now, reason, id);
            tally.ended(job.queue, "cancelled");
            change.deleteUnkept.run(now);
          }
          if (job?.state === "running") change.requestCancel.run(reason, id);
          return job?.state ?? null;
        }),
      ),

    async retry(ids, now) {
      const retried = await writeCounted((tally) =>
        ids.map((id) => {
          const job = select.state.get(id);
          const isRetried = change.retry.run(now, id).changes === 1;
          if (isRetried) tally.begunAgain(job!.queue, job!.state as FinalState);
          return isRetried;
        }),
      );
      if (retried.includes(true)) commits.notify();
      return retried;
    },

    async pause(queue, paused) {
      await write(() => change.pause.run(queue, paused ? 1 : 0));
      if (!paused) commits.notify();
    },

    async prune(now, limit) {
      if (!(await read(() => select.expired.get(now, limit)))) return 0;
      return writeLightly(() => change.prune.run(now, limit).changes);
    },

    async trim({ queue, task, state }, count, limit) {
      const newestBeyond = () => select.beyond.get(queue, task, state, count);
      if (!(await read(newestBeyond))) return 0;
      return writeLightly(() => {
        // Others may have deleted some since.
        const end = newestBeyond();
        return end ? change.trim.run(queue, task, state, end.finished_at, end.rowid, limit).changes : 0;
      });
    },

    check: () => read(() => ({ durability: durabilityOf(path, synchronous), warnings: [] })),

    async close() {
      if (!close()) return;
      commits.close();
      for (const statement of [...Object.values(select), ...Object.values(change)]) statement.finalize();
      database.close();
    },
  };
}

function durabilityOf(path: string, synchronous: Synchronous): string {
  if (path === ":memory:") return "jobs end with this program";
  return synchronous === "full"
    ? "every confirmed job survives a power failure"
    : "a power failure may undo the last moments";
}
