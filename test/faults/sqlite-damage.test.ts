import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { StorageError } from "../../src/index.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { aJob } from "../../src/testing/builders.ts";
import { temporaryFolder } from "../support/folder.ts";
import { every } from "../support/jobs.ts";
import { startWorkerProgram } from "../support/programs.ts";
import { checkIntegrity } from "./plant.ts";

const pageSize = 4_096;

/** A file with 300 jobs in batches of ten; as they are when its program dies, its jobs are in the log alone. */
async function written(path: string, as: "closed" | "left behind") {
  const original = `${path}.original`;
  const storage = openSqlite(original);
  for (let batch = 0; batch < 30; batch++) {
    await storage.insert(Array.from({ length: 10 }, () => aJob({ input: new Uint8Array(300) })));
  }
  if (as === "closed") await storage.close();
  copyFileSync(original, path);
  if (as === "left behind") {
    copyFileSync(`${original}-wal`, `${path}-wal`);
    await storage.close();
  }
}

function overwrite(path: string, from: number, bytes: number) {
  const file = openSync(path, "r+");
  writeSync(file, crypto.getRandomValues(new Uint8Array(bytes)), 0, bytes, from);
  closeSync(file);
}

function edit(path: string, ...statements: string[]) {
  using database = new Database(path);
  for (const statement of statements) database.run(statement);
}

const damaged = "the file is damaged; restore it from a backup";
const foreign = "the file is an SQLite database of another program; give another path";
const newer = "the file was written by a newer release of Nuvom (format 99, this one knows 3): upgrade nuvom";

/** What is done to a file, and what is said of it. */
const refusals: Record<string, [damage: (path: string) => void, said: string]> = {
  "cut to half": [(path) => truncateSync(path, Math.floor(statSync(path).size / 2)), damaged],
  "cut in the middle of a page": [(path) => truncateSync(path, 10 * pageSize + 1_000), damaged],
  "cut in its first page": [(path) => truncateSync(path, 1_000), damaged],
  "cut by one page": [(path) => truncateSync(path, statSync(path).size - pageSize), damaged],
  "overwritten where its tables are described": [(path) => overwrite(path, 100, 500), damaged],
  "overwritten with garbage": [
    (path) => overwrite(path, 0, statSync(path).size),
    "the file is not an SQLite database; give another path",
  ],
  "a text": [
    (path) => writeFileSync(path, "jobs: none\n"),
    "the file is not an SQLite database; give another path",
  ],
  "of a newer release": [(path) => edit(path, "PRAGMA user_version = 99"), newer],
  "of a newer release that uses no log": [
    (path) => edit(path, "PRAGMA user_version = 99", "PRAGMA journal_mode = DELETE"),
    newer,
  ],
  "another program's": [
    (path) => {
      truncateSync(path);
      edit(path, "CREATE TABLE notes (text)");
    },
    foreign,
  ],
  "another program's, with a version": [
    (path) => {
      truncateSync(path);
      edit(path, "CREATE TABLE jobs (text)", "PRAGMA user_version = 1");
    },
    foreign,
  ],
};

test.each(Object.entries(refusals))("a file that is %s is refused and left as it is", async (_, refusal) => {
  const [damage, said] = refusal;
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  await written(path, "closed");
  damage(path);
  const before = readFileSync(path);
  const refused = () => openSqlite(path);
  expect(refused).toThrow(StorageError);
  expect(refused).toThrow(`storage ${path}: ${said}`);
  expect(readFileSync(path)).toEqual(before);
});

test("a file that was emptied beside its log is refused, and the log, which holds its jobs, is kept", async () => {
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  await written(path, "left behind");
  const whole = readFileSync(path);
  const log = readFileSync(`${path}-wal`);
  truncateSync(path, 0);
  expect(() => openSqlite(path)).toThrow(
    `${path}: the file is damaged: it is empty, but its log ${path}-wal is not; restore both from a backup, or delete both`,
  );
  expect(readFileSync(`${path}-wal`)).toEqual(log);
  writeFileSync(path, whole);
  const storage = openSqlite(path);
  expect(await every(storage)).toHaveLength(300);
  await storage.close();
});

test("of a log that was cut anywhere, or overwritten, whole batches from the first on remain", async () => {
  using folder = temporaryFolder();
  for (const [index, damage] of [
    (log: string, size: number) => truncateSync(log, Math.floor(size / 2)),
    (log: string, size: number) => truncateSync(log, size - 1),
    (log: string) => truncateSync(log, 20),
    (log: string, size: number) => overwrite(log, Math.floor(size / 3), 200),
    (log: string) => overwrite(log, 0, 24),
  ].entries()) {
    const path = folder.file(`${index}.db`);
    await written(path, "left behind");
    damage(`${path}-wal`, statSync(`${path}-wal`).size);
    const storage = openSqlite(path);
    const ids = (await every(storage)).map(({ id }) => id).reverse();
    expect(ids.length % 10).toBe(0);
    expect(ids.length).toBeLessThan(300);
    using original = new Database(`${path}.original`);
    const first = original.query<{ id: string }, [number]>("SELECT id FROM jobs ORDER BY id LIMIT ?");
    expect(ids).toEqual(first.all(ids.length).map(({ id }) => id));
    expect(await storage.insert([aJob()])).toHaveLength(1);
    await storage.close();
    checkIntegrity(path);
  }
});

test("garbage in the middle is reported by what meets it", async () => {
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  await written(path, "closed");
  const { size } = statSync(path);
  for (let at = 8 * pageSize; at < size; at += pageSize) overwrite(path, at, 500);
  const storage = openSqlite(path);
  for (const use of [() => every(storage), () => storage.counts(), () => storage.insert([aJob()])]) {
    await expect(use()).rejects.toThrow(`storage ${path}: ${damaged}`);
  }
  await storage.close();
});

test("a worker ends with one clear line where the file is damaged", async () => {
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  await written(path, "closed");
  truncateSync(path, 10 * pageSize);
  await using worker = startWorkerProgram(`sqlite:${path}`);
  expect(await worker.program.exited).toBe(1);
  expect(worker.errors()).toContain(`storage ${path}: ${damaged}`);
  expect(worker.errors().trim().split("\n")).toHaveLength(1);
  expect(existsSync(`${path}-wal`)).toBe(false);
});
