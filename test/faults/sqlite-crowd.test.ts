import { expect, onTestFinished, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode, encode } from "../../src/codec.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { aJob } from "../../src/testing/builders.ts";
import { temporaryFolder } from "../support/folder.ts";
import { every } from "../support/jobs.ts";
import { startProgram } from "../support/programs.ts";
import { until } from "../support/until.ts";
import type { Contention } from "./contender.ts";
import { checkIntegrity } from "./plant.ts";

const programs = 50;
const contending = 1_000;

test(`${programs} programs that create, fill and empty one file: nobody is refused, nothing is lost or settled twice`, async () => {
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  const go = folder.file("go");
  const reports = Array.from({ length: programs }, (_, index) => folder.file(`report-${index}`));
  const contenders = reports.map((report, index) => {
    const isWorker = index % 5 === 0 ? "worker" : "";
    return startProgram(join(import.meta.dir, "contender.ts"), [
      path,
      go,
      report,
      String(contending),
      isWorker,
    ]);
  });
  for (const report of reports) await until(`${report}.ready`);
  writeFileSync(go, "");
  const codes = await Promise.all(contenders.map(({ exited }) => exited));
  expect(codes).toEqual(contenders.map(() => 0));

  const results: Contention[] = await Promise.all(reports.map((report) => Bun.file(report).json()));
  const added = results.flatMap((result) => result.added);
  const settled = results.flatMap((result) => result.settled);
  const storage = openSqlite(path);
  const jobs = await every(storage);
  await storage.close();
  expect(jobs.map(({ id }) => id).sort()).toEqual(added.sort());
  expect(new Set(settled).size).toBe(settled.length);
  const succeeded = jobs.filter(({ state }) => state === "succeeded").map(({ id }) => id);
  expect(succeeded.sort()).toEqual(settled.sort());
  expect(jobs.filter(({ state }) => state === "running")).toEqual([]);
  expect(results.map(({ refused }) => refused)).toEqual(results.map(() => 0));
  checkIntegrity(path);
  const calls = results.reduce((sum, result) => sum + result.calls, 0);
  const [opening, waiting] = (["opening", "longestWait"] as const).map((name) => {
    return Math.round(Math.max(...results.map((result) => result[name])));
  });
  console.log(
    `${added.length} jobs added, ${settled.length} settled in ${calls} calls; the longest took ${waiting} ms, and opening ${opening} ms`,
  );
}, 60_000);

test("programs that open a new file in the same moment all get to use it", async () => {
  using folder = temporaryFolder();
  const begin = Date.now() + 500;
  const openers = Array.from({ length: 6 }, () =>
    startProgram(join(import.meta.dir, "opener.ts"), [folder.path, String(begin), "60"]),
  );
  const codes = await Promise.all(openers.map(({ exited }) => exited));
  expect(codes).toEqual(openers.map(() => 0));
}, 30_000);

test("producers that are killed at random moments lose nothing that was confirmed, leave no part of a batch, and disturb nobody", async () => {
  using folder = temporaryFolder();
  const path = folder.file("jobs.db");
  const confirmed: string[] = [];
  const rounds = 10;
  let killing = true;
  const storage = openSqlite(path);
  const bystander = (async () => {
    for (; killing; await Bun.sleep(20)) {
      const job = aJob({ input: encode({ batch: null }, { root: "input", limit: 1_000 }) });
      confirmed.push(...(await storage.insert([job])));
      expect(await storage.get([job.id])).toMatchObject([{ id: job.id }]);
    }
  })();
  for (let round = 0; round < rounds; round++) {
    await Promise.all(
      [0, 1].map(async (number) => {
        const name = `${round}-${number}`;
        const journal = folder.file(name);
        const program = join(import.meta.dir, "killed-producer.ts");
        const producer = startProgram(program, [`sqlite:${path}`, journal, name]);
        onTestFinished(() => producer.kill("SIGKILL"));
        await until(async () => existsSync(journal) && statSync(journal).size > 0);
        await Bun.sleep(Math.random() * 40);
        producer.kill("SIGKILL");
        await producer.exited;
        confirmed.push(...readFileSync(journal, "utf8").trim().split("\n"));
      }),
    );
  }
  killing = false;
  await bystander;
  const jobs = await every(storage);
  await storage.close();
  expect(new Set(confirmed).difference(new Set(jobs.map(({ id }) => id))).size).toBe(0);

  const batches = new Map<string, { found: number; size: number }>();
  for (const job of jobs) {
    const { batch, size } = decode(job.input) as { batch: string | null; size: number };
    if (batch !== null) batches.set(batch, { found: (batches.get(batch)?.found ?? 0) + 1, size });
  }
  expect([...batches.values()].filter(({ found, size }) => found !== size)).toEqual([]);
  checkIntegrity(path);
  console.log(
    `${2 * rounds} producers killed: ${confirmed.length} jobs confirmed, all there, of ${jobs.length} that are`,
  );
}, 60_000);
