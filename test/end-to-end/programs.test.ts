import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "../../src/codec.ts";
import { Nuvom } from "../../src/index.ts";
import { block, journal, waitFor } from "../fixtures/tasks/basic.ts";
import { certificates } from "../support/certificate.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checkResults, countOf, every, executions } from "../support/jobs.ts";
import { startProgram, startWorkerProgram } from "../support/programs.ts";
import { startRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";

/** Where the jobs are in these tests: each a fresh place, gone at the end of the scope. */
const storages: Record<string, () => Promise<{ url: string } & AsyncDisposable>> = {
  async SQLite() {
    const folder = temporaryFolder();
    const url = `sqlite:${folder.file("jobs.db")}`;
    return { url, [Symbol.asyncDispose]: async () => folder[Symbol.dispose]() };
  },
  Redis: () => startRedis(),
  async "Redis over TLS"() {
    const tls = certificates.localhost;
    const server = await startRedis({ tls });
    return { url: `${server.url}?ca=${tls}`, [Symbol.asyncDispose]: server.stop };
  },
};

const names = Object.keys(storages);

/** Those of two workers together. */
const processes = 4;

/** Resolves when each process of two workers runs a job, all at once: else the first to start may do all there is. */
async function bothWork(nuvom: Nuvom, folder: ReturnType<typeof temporaryFolder>): Promise<void> {
  const begun = Array.from({ length: processes }, (_, index) => folder.file(`begun${index}`));
  const go = folder.file("go");
  await nuvom.enqueueMany(
    waitFor,
    begun.map((started) => ({ file: go, started })),
  );
  for (const file of begun) await until(file);
  writeFileSync(go, "");
}

describe.each(names)("%s", (name) => {
  const open = storages[name]!;
  const total = name === "Redis over TLS" ? 2_000 : 10_000;

  test(`two producers and two workers, each a program: ${total} jobs execute once each, with the right results`, async () => {
    using folder = temporaryFolder();
    await using storage = await open();
    const file = folder.file("journal");
    const nuvom = new Nuvom({ storage: storage.url });
    const places = ["--quiet", "--processes", "2", "--concurrency", "1"];
    await using first = startWorkerProgram(storage.url, places);
    await using second = startWorkerProgram(storage.url, places);
    await bothWork(nuvom, folder);
    const script = join(import.meta.dir, "producer.ts");
    const producers = [0, 1].map((n) =>
      startProgram(script, [storage.url, file, String((n * total) / 2), String(total / 2)]),
    );
    expect(await Promise.all(producers.map(({ exited }) => exited))).toEqual([0, 0]);
    await until(async () => (await countOf(nuvom.storage, "succeeded")) === total + processes);
    expect((await Promise.all([first.stop(), second.stop()])).map(({ exitCode }) => exitCode)).toEqual([
      0, 0,
    ]);

    const jobs = (await every(nuvom.storage)).filter(({ task }) => task === journal.name);
    checkResults(jobs);
    expect(jobs).toHaveLength(total);
    expect(new Set(jobs.map(({ input }) => (decode(input) as { value: number }).value)).size).toBe(total);
    const ids = executions(file);
    expect(ids).toHaveLength(total);
    expect(new Set(ids).size).toBe(total);
    const workers = Map.groupBy(jobs, ({ worker }) => worker);
    console.log(`shared out as ${[...workers.values()].map((share) => share.length).join(" and ")}`);
    expect(workers.size).toBe(2);
    await nuvom.close();
  }, 120_000);
});

// They wait for a lease to end: all at once.
test.concurrent.each(names)(
  "%s: a worker killed in the middle of 2,000 jobs: a new one completes them all",
  async (name) => {
    using folder = temporaryFolder();
    await using storage = await storages[name]!();
    const file = folder.file("journal");
    const total = 2_000;
    const nuvom = new Nuvom({ storage: storage.url });
    const values = Array.from({ length: total }, (_, value) => ({ file, value }));
    await nuvom.enqueueMany(journal, values);
    await using victim = startWorkerProgram(storage.url, ["--quiet"]);
    await until(async () => (await countOf(nuvom.storage, "succeeded")) > 100);
    victim.program.kill("SIGKILL");
    await victim.program.exited;
    const killedAt = await countOf(nuvom.storage, "succeeded");
    expect(killedAt).toBeLessThan(total);

    await using successor = startWorkerProgram(storage.url, ["--quiet"]);
    await until(async () => (await countOf(nuvom.storage, "succeeded")) === total);
    expect((await successor.stop()).exitCode).toBe(0);
    const jobs = await every(nuvom.storage);
    checkResults(jobs);
    expect(jobs).toHaveLength(total);
    expect(Math.max(...jobs.map(({ attempt }) => attempt))).toBe(1);
    const ids = executions(file);
    expect(new Set(ids).size).toBe(total);
    const held = jobs.filter(({ crashes }) => crashes > 0).length;
    console.log(
      `killed after ${killedAt} of ${total} jobs, holding ${held}: ${ids.length - total} executed twice, none was lost`,
    );
    await nuvom.close();
  },
  60_000,
);

test("the processes of a worker that is killed end with it, even in an endless loop", async () => {
  using folder = temporaryFolder();
  const storage = `sqlite:${folder.file("jobs.db")}`;
  const nuvom = new Nuvom({ storage });
  await nuvom.enqueue(block, { file: folder.file("pid") });
  await using worker = startWorkerProgram(storage, ["--quiet"]);
  await until(folder.file("pid"));
  await until(async () => readFileSync(folder.file("pid"), "utf8") !== "");
  const pid = Number(readFileSync(folder.file("pid"), "utf8"));
  worker.program.kill("SIGKILL");
  await until(async () => !isAlive(pid));
  await nuvom.close();
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
