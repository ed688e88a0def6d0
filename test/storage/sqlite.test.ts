import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { aJob, now, start, succeeded } from "../../src/testing/builders.ts";
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
