import { Database, SQLiteError } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { NuvomError, StorageError } from "../../errors.ts";

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
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    input BLOB NOT NULL,
    result BLOB,
    errors BLOB,
    expires_at INTEGER AS (finished_at + iif(state = 'failed', keep_failed_for, keep_for))
  );
  CREATE INDEX jobs_due ON jobs (queue, priority, run_at, id) WHERE state = 'pending';
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
    lease_until INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
];

/** How long a write waits for other programs to let go of the file. */
const lockPatience = 30_000;

/**
 * `full`: what was confirmed survives a power failure. `normal`: it survives the death of every program, but a power
 * failure may take the last moments back.
 */
export type Synchronous = "full" | "normal";

export function openDatabase(path: string): Database {
  try {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
    const database = new Database(path, { create: true, readwrite: true, strict: true });
    database.run("PRAGMA busy_timeout = 10000");
    database.run("PRAGMA journal_mode = WAL");
    migrate(database, path);
    // A busy wait blocks the event loop, and with it the heartbeat: beyond a moment, `writeTransaction` waits.
    database.run("PRAGMA busy_timeout = 5");
    return database;
  } catch (error) {
    throw explained(error, path);
  }
}

function migrate(database: Database, path: string): void {
  const version = () =>
    database.query<{ user_version: number }, []>("PRAGMA user_version").get()!.user_version;
  if (version() > migrations.length) {
    throw new StorageError(
      `${path} was written by a newer release of Nuvom (format ${version()}, this one knows ${migrations.length}): upgrade nuvom`,
    );
  }
  if (version() === migrations.length) return;
  database
    .transaction(() => {
      for (const migration of migrations.slice(version())) database.run(migration);
      database.run(`PRAGMA user_version = ${migrations.length}`);
    })
    .immediate();
}

/** Runs `work` in one transaction, waiting for the lock without blocking the event loop. */
export async function writeTransaction<T>(
  database: Database,
  path: string,
  synchronous: Synchronous,
  work: () => T,
): Promise<T> {
  try {
    const deadline = performance.now() + lockPatience;
    while (!tryBegin(database, synchronous, performance.now() < deadline)) {
      await Bun.sleep(1 + Math.random() * 4);
    }
    try {
      const result = work();
      database.run("COMMIT");
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

function tryBegin(database: Database, synchronous: Synchronous, mayWait: boolean): boolean {
  try {
    database.run(`PRAGMA synchronous = ${synchronous}`);
    database.run("BEGIN IMMEDIATE");
    return true;
  } catch (error) {
    if (mayWait && error instanceof SQLiteError && error.code?.startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
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
};

/** Says in plain words what SQLite's error codes mean. */
export function explained(error: unknown, path: string): unknown {
  if (error instanceof NuvomError || !(error instanceof Error)) return error;
  const code = (error as SQLiteError).code ?? "";
  const known = Object.keys(explanations).find((prefix) => code.startsWith(prefix));
  const detail = known ? `${explanations[known]} (${error.message})` : error.message;
  return new StorageError(`storage ${path}: ${detail}`, { cause: error });
}
