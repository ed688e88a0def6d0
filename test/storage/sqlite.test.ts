import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../src/storage/sqlite/database.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { aJob, idsOf, now, start, succeeded, why } from "../../src/testing/builders.ts";
import { testStorage } from "../../src/testing/index.ts";
import { temporaryFolder } from "../support/folder.ts";

testStorage("sqlite", () => {
  const folder = mkdtempSync(join(tmpdir(), "nuvom-"));
  return {
    open: () => openSqlite(join(folder, "jobs.db")),
    cleanup: () => rmSync(folder, { recursive: true }),
  };
});

test("the space of deleted jobs is used again", async () => {
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  const storage = openSqlite(path);
  const watcher = new Database(path);
  const pages = () => watcher.query<{ page_count: number }, []>("PRAGMA page_count").get()!.page_count;
  const sizes: number[] = [];
  for (let round = 0; round < 20; round++) {
    const jobs = Array.from({ length: 200 }, () => aJob({ input: new Uint8Array(500) }));
    const claimed = await start(storage, jobs);
    await storage.settle("w1", claimed.map(succeeded), now + round);
    await storage.trim({ queue: "default", task: "test.task", state: "succeeded" }, 200, 1_000);
    sizes.push(pages());
  }
  watcher.close();
  await storage.close();
  expect(sizes[1]).toBeGreaterThan(sizes[0]!);
  expect(Math.max(...sizes)).toBe(sizes[4]!);
});

test("a file of the first format is brought to this one: its jobs are counted, and belong to no trace", async () => {
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  const old = new Database(path);
  old.run(await Bun.file(join(import.meta.dir, "../fixtures/sqlite-format-1.sql")).text());
  old.close();
  const storage = openSqlite(path);
  const none = {
    paused: false,
    pending: 0,
    running: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    nextRunAt: null,
    added: 0,
  };
  const before = [
    { ...none, name: "a", pending: 2, running: 1, succeeded: 2, failed: 1, nextRunAt: now + 5, added: 6 },
    { ...none, name: "b", pending: 1, cancelled: 1, nextRunAt: now + 6, added: 2 },
    { ...none, name: "c", paused: true },
  ];
  expect(await storage.counts()).toStrictEqual(before);
  const jobs = await storage.list({}, { limit: 9 });
  expect(jobs.map(({ traceparent }) => traceparent)).toEqual(jobs.map(() => null));
  await storage.retry(idsOf(jobs), now);
  await storage.cancel(idsOf(jobs), why, now);
  await storage.trim({ queue: "b", task: "test.task", state: "cancelled" }, 0, 9);
  expect(await storage.counts()).toStrictEqual([
    { ...none, name: "a", running: 1, cancelled: 5, added: 6 },
    { ...none, name: "b", added: 2 },
    { ...none, name: "c", paused: true },
  ]);
  await storage.close();
});

test("counting looks at none of the jobs that wait or have ended", () => {
  const { database, select } = openDatabase(":memory:");
  const plan = database.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${select.counts}`).all();
  const looks = plan.map(({ detail }) => detail).filter((detail) => detail.includes(" jobs"));
  expect(looks).toEqual([
    "SCAN jobs USING INDEX jobs_running",
    "SEARCH jobs USING INDEX jobs_due (queue=? AND priority=?)",
  ]);
});

test("looking for jobs to delete waits for nobody where there are none", async () => {
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  const storage = openSqlite(path);
  const [job] = await start(storage, [aJob({ keepFor: 10 })]);
  await storage.settle("w1", [succeeded(job!)], now);
  const writer = new Database(path);
  writer.run("BEGIN IMMEDIATE");
  expect(await storage.prune(now + 9, 1_000)).toBe(0);
  expect(await storage.trim({ queue: "default", task: "test.task", state: "succeeded" }, 1, 1_000)).toBe(0);
  writer.close();
  await storage.close();
});
