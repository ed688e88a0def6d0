import type { Database } from "bun:sqlite";
import { type FinalState, type JobState, priorities } from "../../job.ts";
import type { QueueCounts } from "../storage.ts";
import type { JobRow, ScheduleRow, WorkerRow } from "./rows.ts";

/** The earliest `run_at` of the jobs in the line of a queue: one seek for each priority. */
const earliestIn = (queue: string) =>
  `(SELECT min((SELECT run_at FROM jobs WHERE state = 'pending' AND parked IS NULL AND queue = ${queue} AND priority = column1
     ORDER BY run_at LIMIT 1)) FROM (VALUES ${priorities.map((_, level) => `(${level})`)}))`;

/** All the SQL of the storage, prepared once: `select` reads, `change` belongs inside a write transaction. */
export function prepareStatements(database: Database) {
  const select = {
    lease: database.prepare<{ id: string }, [string, number]>(
      "SELECT id FROM workers WHERE id = ? AND lease_until > ?",
    ),
    endedWorker: database.prepare<{ id: string }, [number]>(
      "SELECT id FROM workers WHERE lease_until <= ? LIMIT 1",
    ),
    queues: database.prepare<{ name: string; paused: number }, []>(
      "SELECT name, paused FROM queues ORDER BY name",
    ),
    nextRunAt: database.prepare<{ runAt: number | null }, [string]>(`SELECT ${earliestIn("?1")} AS runAt`),
    due: database.prepare<JobRow & { rowid: number }, [string, number, number, number]>(
      `SELECT rowid, * FROM jobs
       WHERE state = 'pending' AND parked IS NULL AND queue = ? AND priority = ? AND run_at <= ?
       ORDER BY run_at, id LIMIT ?`,
    ),
    parked: database.prepare<JobRow & { rowid: number }, [string, string, string, number]>(
      `WITH wanted AS (SELECT value FROM json_each(?1)), open AS (SELECT value FROM json_each(?3))
       SELECT jobs.rowid, jobs.* FROM wanted JOIN jobs ON task = value
         WHERE parked < ?2 AND queue IN open
       UNION ALL SELECT jobs.rowid, jobs.* FROM wanted JOIN jobs ON task = value
         WHERE parked > ?2 AND queue IN open LIMIT ?4`,
    ),
    keyHolder: database.prepare<{ id: string }, [string, string | null]>(
      "SELECT id FROM jobs WHERE queue = ? AND key = ? AND state IN ('pending', 'running')",
    ),
    job: database.prepare<JobRow, [string]>("SELECT * FROM jobs WHERE id = ?"),
    state: database.prepare<{ queue: string; state: JobState }, [string]>(
      "SELECT queue, state FROM jobs WHERE id = ?",
    ),
    anyParked: database.prepare<{ id: string }, []>("SELECT id FROM jobs WHERE parked IS NOT NULL LIMIT 1"),
    running: database.prepare<{ id: string; cancelling: string | null }, [string]>(
      "SELECT id, cancelling FROM jobs WHERE state = 'running' AND worker = ? ORDER BY id",
    ),
    counts: database.prepare<Omit<QueueCounts, "paused"> & { paused: number }, []>(
      `SELECT name, paused, jobs - ifnull(running, 0) - succeeded - failed - cancelled AS pending,
         ifnull(running, 0) AS running, succeeded, failed, cancelled, added, ${earliestIn("name")} AS nextRunAt
       FROM queues LEFT JOIN
         (SELECT queue, count(*) AS running FROM jobs WHERE state = 'running' GROUP BY queue) ON queue = name
       ORDER BY name`,
    ),
    expired: database.prepare<{ rowid: number }, [number, number]>(
      "SELECT rowid FROM jobs WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
    ),
    beyond: database.prepare<{ finished_at: number; rowid: number }, [string, string, FinalState, number]>(
      `SELECT finished_at, rowid FROM jobs WHERE queue = ? AND task = ? AND state = ? AND finished_at IS NOT NULL
       ORDER BY finished_at DESC, rowid DESC LIMIT 1 OFFSET ?`,
    ),
    schedules: database.prepare<ScheduleRow, []>("SELECT * FROM schedules ORDER BY id"),
    schedule: database.prepare<ScheduleRow, [string]>("SELECT * FROM schedules WHERE id = ?"),
    nextSchedules: database.prepare<ScheduleRow, [number]>(
      "SELECT * FROM schedules WHERE paused = 0 AND next_run_at IS NOT NULL ORDER BY next_run_at, id LIMIT ?",
    ),
    scheduleVersion: database.prepare<{ version: string }, [string]>(
      "SELECT version FROM schedules WHERE id = ?",
    ),
    workers: database.prepare<WorkerRow, []>("SELECT * FROM workers ORDER BY id"),
  };

  const change = {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    count: database.prepare(
      `INSERT INTO queues (name, added, jobs, succeeded, failed, cancelled) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET added = added + excluded.added, jobs = jobs + excluded.jobs,
         succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
         cancelled = cancelled + excluded.cancelled`,
    ),
    deleteUnkept: database.prepare("DELETE FROM jobs WHERE expires_at = ?1 AND finished_at = ?1"),
    insert: database.prepare(
      `INSERT INTO jobs (id, task, queue, priority, run_at, input, max_attempts, timeout, key, created_at, schedule,
         scheduled_for, keep_for, keep_failed_for, keep_count, traceparent, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending') ON CONFLICT DO NOTHING`,
    ),
    claim: database.prepare<unknown, [string, number, string]>(
      `UPDATE jobs SET state = 'running', worker = ?, attempt = attempt + 1, claims = claims + 1, started_at = ?, reason = NULL, parked = NULL
       WHERE rowid IN (SELECT value FROM json_each(?))`,
    ),
    finish: database.prepare(
      `UPDATE jobs SET state = ?, started_at = ?, finished_at = ?, result = ?, errors = ifnull(?, errors),
         reason = ?, notes = ifnull(?, notes), crashes = crashes + ?, cancelling = NULL
       WHERE id = ? AND state = 'running' AND worker = ? AND claims = ?`,
    ),
    putBack: database.prepare<{ state: JobState }, (string | number | Uint8Array | null)[]>(
      `UPDATE jobs SET state = iif(cancelling IS NULL, 'pending', 'cancelled'),
         finished_at = iif(cancelling IS NULL, NULL, ?), run_at = iif(cancelling IS NULL, ?, run_at),
         reason = ifnull(cancelling, ?), parked = iif(cancelling IS NULL, ?, NULL), attempt = attempt - ?,
         started_at = ?, errors = ifnull(?, errors), notes = ifnull(?, notes), crashes = crashes + ?, cancelling = NULL
       WHERE id = ? AND state = 'running' AND worker = ? AND claims = ? RETURNING state`,
    ),
    note: database.prepare(
      "UPDATE jobs SET notes = ? WHERE id = ? AND state = 'running' AND worker = ? AND claims = ?",
    ),
    heartbeat: database.prepare<{ registeredAt: number }, Record<string, string | number | null>>(
      `INSERT OR REPLACE INTO workers
         (id, host, pid, queues, project, release, started_at, seen_at, claimed_at, lease_until, registered_at)
       VALUES ($id, $host, $pid, $queues, $project, $release, $startedAt, $seenAt, $claimedAt, $leaseUntil,
         ifnull((SELECT registered_at FROM workers WHERE id = $id), $seenAt))
       RETURNING registered_at AS registeredAt`,
    ),
    endWorkers: database.prepare<{ id: string }, [number]>(
      "DELETE FROM workers WHERE lease_until <= ? RETURNING id",
    ),
    recover: database.prepare<{ id: string; queue: string; state: JobState }, [number, string]>(
      `UPDATE jobs SET state = iif(cancelling IS NULL, 'pending', 'cancelled'),
         finished_at = iif(cancelling IS NULL, NULL, ?), reason = cancelling, attempt = attempt - 1,
         crashes = crashes + 1, cancelling = NULL
       WHERE state = 'running' AND worker = ? RETURNING id, queue, state`,
    ),
    cancelPending: database.prepare(
      "UPDATE jobs SET state = 'cancelled', finished_at = ?, reason = ?, parked = NULL WHERE id = ?",
    ),
    requestCancel: database.prepare("UPDATE jobs SET cancelling = ifnull(cancelling, ?) WHERE id = ?"),
    retry: database.prepare(
      `UPDATE OR IGNORE jobs SET state = 'pending', run_at = ?, attempt = 0, crashes = 0, finished_at = NULL, result = NULL,
         reason = NULL
       WHERE id = ? AND state IN ('succeeded', 'failed', 'cancelled')`,
    ),
    pause: database.prepare(
      "INSERT INTO queues (name, paused) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET paused = excluded.paused",
    ),
    prune: database.prepare(
      `DELETE FROM jobs WHERE rowid IN
         (SELECT rowid FROM jobs WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
    ),
    trim: database.prepare<unknown, [string, string, FinalState, number, number, number]>(
      `DELETE FROM jobs WHERE rowid IN
         (SELECT rowid FROM jobs WHERE queue = ? AND task = ? AND state = ? AND finished_at IS NOT NULL
            AND (finished_at, rowid) <= (?, ?) ORDER BY finished_at, rowid LIMIT ?)`,
    ),
    putSchedule: database.prepare(
      "INSERT OR REPLACE INTO schedules (id, version, queue, next_run_at, paused, definition) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    removeSchedule: database.prepare("DELETE FROM schedules WHERE id = ?"),
  };

  return { select, change };
}
