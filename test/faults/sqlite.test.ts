import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { StorageError } from "../../src/index.ts";
import { explained } from "../../src/storage/sqlite/database.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { aJob } from "../../src/testing/builders.ts";
import { temporaryFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";
import { smallDisk } from "./disk.ts";
import { plant } from "./plant.ts";

test("on a full disk producers and the worker are told; when there is space again, the work goes on", async () => {
  const disk = smallDisk(4);
  await using site = await plant(disk.file("jobs.db"));
  const refused: StorageError[] = [];
  while (site.confirmed.size < 300) refused.push(...(await site.produce(30)));
  expect(refused).toEqual([]);

  const filled = performance.now();
  disk.fill();
  while (refused.length < 100) refused.push(...(await site.produce(30)));
  await site.failsAfter(filled);
  for (const error of [...refused, ...site.storageErrors()]) {
    expect(error).toBeInstanceOf(StorageError);
    expect(String(error)).toContain(`${disk.file("jobs.db")}: the disk is full; free some space`);
  }
  expect(() => openSqlite(disk.file("other.db"))).toThrow("the disk is full; free some space");

  disk.free();
  expect(await site.produce(30)).toEqual([]);
  await site.check();
}, 20_000);

test("writes that are refused under the worker are reported; when they are allowed again, the work goes on", async () => {
  const disk = smallDisk(16, "ext4");
  await using site = await plant(disk.file("jobs.db"));
  while (site.confirmed.size < 100) await site.produce(10);
  const files = ["jobs.db", "jobs.db-wal"];
  const refusedFrom = performance.now();
  files.forEach(disk.refuseWritesTo);
  const refused = await site.produce(30);
  expect(refused).toHaveLength(30);
  await site.failsAfter(refusedFrom);
  for (const error of [...refused, ...site.storageErrors()]) {
    expect(String(error)).toContain(`${disk.file("jobs.db")}: the disk failed to read or write`);
  }
  expect(() => openSqlite(disk.file("jobs.db"))).toThrow("the file or its folder is read-only");
  files.forEach(disk.allowWritesTo);
  expect(await site.produce(30)).toEqual([]);
  await site.check();
}, 20_000);

test("a file or a folder on a disk that is mounted read-only is refused, and left as it is", async () => {
  const disk = smallDisk(4);
  const path = disk.file("jobs.db");
  const storage = openSqlite(path);
  await storage.insert([aJob()]);
  await storage.close();
  const before = readFileSync(path);
  writeFileSync(disk.file("text.db"), "jobs: none\n");
  expect(() => openSqlite(disk.file("text.db"))).toThrow("the file is not an SQLite database");
  // The system allows it only if the refusal has left no file open.
  disk.remount("ro");
  expect(() => openSqlite(path)).toThrow(`${path}: the file or its folder is read-only`);
  expect(() => openSqlite(disk.file("new.db"))).toThrow("check that its folder exists and is writable");
  expect(() => openSqlite(disk.file("folder/new.db"))).toThrow("the file or its folder is read-only");
  expect(readFileSync(path)).toEqual(before);
  disk.remount("rw");
  const again = openSqlite(path);
  await again.insert([aJob()]);
  await again.close();
});

/** What can happen to the file `jobs.db` in this folder, beside which there is another database. */
const losses: Record<string, (folder: string) => void> = {
  "deleted with its log": (folder) => {
    for (const name of ["jobs.db", "jobs.db-wal", "jobs.db-shm"]) rmSync(`${folder}/${name}`);
  },
  "robbed of its log": (folder) => rmSync(`${folder}/jobs.db-wal`),
  "deleted with its folder": (folder) => rmSync(folder, { recursive: true }),
  "moved away with its folder, in whose place there is a file": (folder) => {
    renameSync(folder, `${folder}-moved`);
    writeFileSync(folder, "");
  },
  "replaced by another": (folder) => {
    for (const end of ["-wal", "-shm"]) rmSync(`${folder}/jobs.db${end}`);
    renameSync(`${folder}/other.db`, `${folder}/jobs.db`);
  },
};

test.concurrent.each(Object.entries(losses))(
  "where the file was %s, nothing more is confirmed, the worker says so and can be stopped",
  async (_, lose) => {
    using folder = temporaryFolder();
    const home = folder.file("home");
    mkdirSync(home);
    const path = `${home}/jobs.db`;
    const other = openSqlite(`${home}/other.db`);
    await other.insert([aJob({ task: "math.add" })]);
    await other.close();
    const untouched = readFileSync(`${home}/other.db`);

    await using site = await plant(path);
    await site.produce(10);
    await site.check();
    const lost = performance.now();
    lose(home);
    const refused = await site.produce(10);
    expect(refused).toHaveLength(10);
    await site.failsAfter(lost);
    for (const error of [...refused, ...site.storageErrors()]) {
      expect(String(error)).toContain(`${path}: the file or its -wal file was deleted or replaced`);
    }
    await site.worker.stop();
    expect(site.events.at(-1)).toMatchObject({ type: "stopped", unrecorded: 0 });
    if (lose === losses["replaced by another"]) expect(readFileSync(path)).toEqual(untouched);
  },
  20_000,
);

test("nothing is confirmed where the disk was exchanged for another", async () => {
  const disk = smallDisk(4);
  const storage = openSqlite(disk.file("jobs.db"));
  await storage.insert([aJob()]);
  disk.exchange();
  const other = openSqlite(disk.file("jobs.db"));
  await expect(storage.insert([aJob()])).rejects.toThrow("was deleted or replaced");
  expect(await other.insert([aJob()])).toHaveLength(1);
  await other.close();
  await storage.close();
});

test("while a database tool holds the lock, the worker and producers wait without blocking, then go on", async () => {
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  await using site = await plant(path);
  await site.produce(100);
  const held = 2_000;
  const script = `
    const database = new (require("bun:sqlite").Database)(${JSON.stringify(path)});
    database.run("PRAGMA busy_timeout = 5000");
    database.run("BEGIN IMMEDIATE");
    process.send("held");
    setTimeout(() => { database.run("COMMIT"); process.disconnect(); }, ${held});
  `;
  const holds = Promise.withResolvers<void>();
  const tool = Bun.spawn([process.execPath, "-e", script], { ipc: () => holds.resolve() });
  await holds.promise;
  let longestBlock = 0;
  let last = performance.now();
  const beat = () => {
    longestBlock = Math.max(longestBlock, performance.now() - last);
    last = performance.now();
  };
  const pulse = setInterval(beat, 10);
  const began = performance.now();
  expect(await site.produce(30)).toEqual([]);
  expect(performance.now() - began).toBeGreaterThan(held / 2);
  clearInterval(pulse);
  beat();
  expect(longestBlock).toBeLessThan(held / 2);
  await tool.exited;
  await site.check();
  expect(site.storageErrors()).toEqual([]);
  console.log(
    `lock held for ${held} ms; the event loop was blocked for ${Math.round(longestBlock)} ms at most`,
  );
});

test("a lock that is never let go is explained", () => {
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  using holder = new Database(path);
  using waiter = new Database(path);
  holder.run("BEGIN IMMEDIATE");
  let busy: unknown;
  try {
    waiter.run("BEGIN IMMEDIATE");
  } catch (error) {
    busy = error;
  }
  expect(explained(busy, path)).toBeInstanceOf(StorageError);
  expect(String(explained(busy, path))).toContain(
    `${path}: another program has held the lock for too long; is a transaction left open in a database tool?`,
  );
});

test("a reader that never ends its transaction holds nobody up; the log is emptied once it has", async () => {
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  await using site = await plant(path, 10_000);
  await site.produce(10);
  await site.check();
  using reader = new Database(path);
  using tool = new Database(path);
  const count = reader.query<{ jobs: number }, []>("SELECT count(*) AS jobs FROM jobs");
  const checkpoint = () =>
    tool.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)").get()!.busy === 1
      ? "blocked"
      : "done";
  reader.run("BEGIN");
  expect(count.get()).toEqual({ jobs: 10 });
  while (site.confirmed.size < 410) expect(await site.produce(50)).toEqual([]);
  await site.check();
  expect(checkpoint()).toBe("blocked");
  // An automatic checkpoint empties it at 4 MB where nobody is in the way.
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(4_500_000);
  expect(count.get()).toEqual({ jobs: 10 });
  reader.run("COMMIT");
  await until(async () => checkpoint() === "done");
  await site.produce(10);
  await site.check();
  expect(statSync(`${path}-wal`).size).toBeLessThan(4_500_000);
  expect(site.storageErrors()).toEqual([]);
});
