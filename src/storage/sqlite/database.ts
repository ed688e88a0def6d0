import { Database, SQLiteError } from "bun:sqlite";
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { NuvomError, StorageError } from "../../errors.ts";
import { prepareStatements } from "./statements.ts";

/** Each entry brings a file from the version of its index to the next. Never edit one that was released: add one. */
const migrations = [
  `
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    claims INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    timeout INTEGER,
    key TEXT,
    schedule TEXT,
    scheduled_for INTEGER,
    keep_for INTEGER,
    keep_failed_for INTEGER,
    keep_count INTEGER,
    worker TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    -- Why a running job is to be cancelled.
    cancelling TEXT,
    reason TEXT,
    parked TEXT,
    input BLOB NOT NULL,
    result BLOB,
    errors BLOB,
    notes BLOB,
    expires_at INTEGER AS (finished_at + iif(state = 'failed', keep_failed_for, keep_for))
  );
  CREATE INDEX jobs_due ON jobs (queue, priority, run_at, id) WHERE state = 'pending' AND parked IS NULL;
  CREATE INDEX jobs_parked ON jobs (task, parked) WHERE parked IS NOT NULL;
  CREATE INDEX jobs_running ON jobs (worker) WHERE state = 'running';
  CREATE UNIQUE INDEX jobs_key ON jobs (queue, key) WHERE key IS NOT NULL AND state IN ('pending', 'running');
  CREATE INDEX jobs_expiring ON jobs (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX jobs_finished ON jobs (queue, task, state, finished_at, id) WHERE finished_at IS NOT NULL;
  -- Whichever statement ends a job, one that is not to be kept goes with it.
  CREATE TRIGGER jobs_not_kept AFTER UPDATE OF state ON jobs WHEN new.expires_at = new.finished_at
  BEGIN
    DELETE FROM jobs WHERE id = new.id;
  END;

  CREATE TABLE queues (name TEXT PRIMARY KEY, paused INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
  CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    queue TEXT NOT NULL,
    next_run_at INTEGER,
    paused INTEGER NOT NULL,
    definition BLOB NOT NULL
  );
  CREATE INDEX schedules_next ON schedules (next_run_at, id) WHERE paused = 0 AND next_run_at IS NOT NULL;
  CREATE TABLE workers (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    queues TEXT NOT NULL,
    project TEXT NOT NULL,
    release TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    claimed_at INTEGER,
    lease_until INTEGER NOT NULL,
    registered_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  -- How many jobs it ever got, has, and how many of them have ended in each way; those that run are few and counted when
  -- asked for.
  ALTER TABLE queues ADD COLUMN added INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE queues ADD COLUMN jobs INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE queues ADD COLUMN succeeded INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE queues ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE queues ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;
  UPDATE queues SET
    added = there.jobs, jobs = there.jobs, succeeded = there.succeeded, failed = there.failed, cancelled = there.cancelled
  FROM (
    SELECT queue, count(*) AS jobs, sum(state = 'succeeded') AS succeeded, sum(state = 'failed') AS failed,
      sum(state = 'cancelled') AS cancelled
    FROM jobs GROUP BY queue
  ) AS there WHERE queue = name;
  -- Whichever statement ends, retries or deletes a job, it is counted; what is added is counted by the batch, as here it
  -- would cost a fifth more. OR FAIL spares SQLite a copy of each page that a statement changes: a transaction in which
  -- one fails is rolled back as a whole.
  CREATE TRIGGER jobs_ended AFTER UPDATE OF state ON jobs WHEN new.finished_at IS NOT old.finished_at
  BEGIN
    UPDATE OR FAIL queues SET
      succeeded = succeeded + (new.state = 'succeeded') - (old.state = 'succeeded'),
      failed = failed + (new.state = 'failed') - (old.state = 'failed'),
      cancelled = cancelled + (new.state = 'cancelled') - (old.state = 'cancelled')
    WHERE name = new.queue;
  END;
  CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs
  BEGIN
    UPDATE OR FAIL queues SET
      jobs = jobs - 1,
      succeeded = succeeded - (old.state = 'succeeded'),
      failed = failed - (old.state = 'failed'),
      cancelled = cancelled - (old.state = 'cancelled')
    WHERE name = old.queue;
  END;
  ALTER TABLE jobs ADD COLUMN traceparent TEXT;
  `,
  `
  -- Both are what the storage does itself by now, at the end of a transaction.
  DROP TRIGGER jobs_not_kept;
  DROP TRIGGER jobs_ended;
  DROP INDEX jobs_finished;
  CREATE INDEX jobs_finished ON jobs (queue, task, state, finished_at) WHERE finished_at IS NOT NULL;
  `,
];

/** How long a write waits for other programs to let go of the file. */
const lockPatience = 30_000;

/** How long opening waits for it. It blocks the event loop meanwhile, but needs the lock of a new file only. */
const openPatience = 10_000;

/**
 * `full`: what was confirmed survives a power failure. `normal`: it survives the death of every program, but a power
 * failure may take the last moments back.
 */
export type Synchronous = "full" | "normal";

export function openDatabase(path: string) {
  let database: Database | undefined;
  try {
    if (path !== ":memory:") {
      mkdirSync(dirname(path), { recursive: true });
      refuseEmptied(path);
    }
    database = new Database(path, { create: true, readwrite: true, strict: true });
    // Where it may only read, SQLite opens the file nevertheless, and such a handle can never write.
    if (path !== ":memory:") accessSync(path, constants.W_OK);
    // A busy wait blocks the event loop, and with it the heartbeat: beyond a moment, `writeTransaction` waits.
    database.run("PRAGMA busy_timeout = 5");
    // What a statement may have to undo would else be written to the folder for temporary files, which may be full.
    database.run("PRAGMA temp_store = memory");
    const statements = prepare(database, path);
    return { database, ...statements };
  } catch (error) {
    database?.close();
    throw explained(error, path);
  }
}

/** Where several programs open a new file at once, SQLite refuses some of them without waiting. */
function prepare(database: Database, path: string) {
  const deadline = performance.now() + openPatience;
  for (;;) {
    try {
      // Before anything is written: a file that is refused stays as it is.
      refuseForeign(database, path);
      database.run("PRAGMA journal_mode = WAL");
      migrate(database);
      return prepareStatements(database);
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    Bun.sleepSync(1 + Math.random() * 4);
  }
}

/** SQLite would take it for a new file, and delete the log that may hold all its jobs. */
function refuseEmptied(path: string): void {
  const size = (file: string) => statSync(file, { throwIfNoEntry: false })?.size;
  // The log first: who creates the file writes to it before there is a log.
  if (!size(`${path}-wal`) || size(path) !== 0) return;
  throw new StorageError(
    `storage ${path}: the file is damaged: it is empty, but its log ${path}-wal is not; restore both from a backup, or delete both to begin anew`,
  );
}

function refuseForeign(database: Database, path: string): void {
  // In one statement: another program may be about to create the tables.
  const { version, objects, ours } = database
    .query<{ version: number; objects: number; ours: number }, []>(
      `SELECT user_version AS version, (SELECT count(*) FROM sqlite_schema) AS objects,
         (SELECT count(*) FROM sqlite_schema WHERE name = 'jobs_due') AS ours FROM pragma_user_version`,
    )
    .get()!;
  if (ours === 0 && (version > 0 || objects > 0)) {
    throw new StorageError(
      `storage ${path}: the file is an SQLite database of another program; give another path`,
    );
  }
  if (version > migrations.length) {
    throw new StorageError(
      `storage ${path}: the file was written by a newer release of Nuvom (format ${version}, this one knows ${migrations.length}): upgrade nuvom`,
    );
  }
}

function migrate(database: Database): void {
  const version = () =>
    database.query<{ user_version: number }, []>("PRAGMA user_version").get()!.user_version;
  if (version() === migrations.length) return;
  database
    .transaction(() => {
      for (const migration of migrations.slice(version())) database.run(migration);
      database.run(`PRAGMA user_version = ${migrations.length}`);
    })
    .immediate();
}

/** Runs `work` between `begin` and `commit`, waiting for the lock without blocking the event loop. */
export async function writeTransaction<T>(
  { database, path, begin, commit }: Transactions,
  work: () => T,
): Promise<T> {
  try {
    const deadline = performance.now() + lockPatience;
    for (let tries = 1; !tried(begin, performance.now() < deadline); tries++) {
      // Where many wait, their looking alone would take the processor from the one that all wait for.
      await Bun.sleep(1 + Math.random() * Math.min(4 * tries, 50));
    }
    try {
      const result = work();
      commit();
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors, such as a full disk.
      if (database.inTransaction) database.run("ROLLBACK");
      throw error;
    }
  } catch (error) {
    throw explained(error, path);
  }
}

interface Transactions {
  database: Database;
  path: string;
  begin(): void;
  commit(): void;
}

function tried(begin: () => void, mayWait: boolean): boolean {
  try {
    begin();
    return true;
  } catch (error) {
    if (mayWait && isBusy(error)) return false;
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof SQLiteError && error.code?.startsWith("SQLITE_BUSY") === true;
}

const explanations: Record<string, string> = {
  SQLITE_BUSY:
    "another program has held the lock for too long; is a transaction left open in a database tool?",
  SQLITE_FULL: "the disk is full; free some space, the work goes on by itself",
  SQLITE_READONLY: "the file or its folder is read-only; it and its -wal and -shm files must be writable",
  SQLITE_CANTOPEN: "the file cannot be opened or created; check that its folder exists and is writable",
  SQLITE_CORRUPT: "the file is damaged; restore it from a backup",
  SQLITE_NOTADB: "the file is not an SQLite database; give another path",
  SQLITE_IOERR: "the disk failed to read or write",
  EROFS: "the file or its folder is read-only; it and its -wal and -shm files must be writable",
  EACCES: "the file or its folder is read-only; it and its -wal and -shm files must be writable",
  EPERM: "the file or its folder is read-only; it and its -wal and -shm files must be writable",
};

/** Says in plain words what SQLite's error codes mean. */
export function explained(error: unknown, path: string): unknown {
  if (error instanceof NuvomError || !(error instanceof Error)) return error;
  const code = (error as SQLiteError).code ?? "";
  const known = Object.keys(explanations).find((prefix) => code.startsWith(prefix));
  const detail = known ? `${explanations[known]} (${error.message})` : error.message;
  return new StorageError(`storage ${path}: ${detail}`, { cause: error });
}
