import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Nuvom } from "../../src/index.ts";
import { add, leavesOrphans, waitFor } from "../fixtures/tasks/basic.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startWorkerProgram } from "../support/programs.ts";
import { startRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";
import { fixtures } from "../support/worker.ts";

const main = join(import.meta.dir, "../../cli/main.ts");

/** A folder with a SQLite storage, and the words of a worker's command line for it. */
function place() {
  const folder = temporaryFolder();
  const storage = `sqlite:${folder.file("jobs.db")}`;
  const command = [process.execPath, main, "worker", "--root", fixtures, "--storage", storage];
  return { folder, storage, command, nuvom: new Nuvom({ storage }) };
}

function idsOfChildren(parent: number): number[] {
  return readdirSync("/proc").flatMap((name) =>
    stateOf(Number(name))?.parent === parent ? Number(name) : [],
  );
}

function stateOf(pid: number): { letter: string; parent: number } | null {
  try {
    const [letter, parent] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return { letter: letter!, parent: Number(parent) };
  } catch {
    return null;
  }
}

describe("a worker", () => {
  test("goes on when the reader of its output goes away, and ends well with its pipeline", async () => {
    const { command, nuvom, folder } = place();
    const line = `${command.map((word) => `'${word}'`).join(" ")} | head -n 1`;
    const shell = Bun.spawn(["bash", "-c", line], {
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const jobs = await nuvom.enqueueMany(
      add,
      Array.from({ length: 40 }, (_, x) => ({ x, y: 0 })),
    );
    await Promise.all(jobs.map((job) => job.result({ timeout: "20s" })));
    expect(await (await nuvom.enqueue(add, { x: 1, y: 1 })).result({ timeout: "20s" })).toBe(2);
    process.kill(-shell.pid, "SIGTERM");
    await shell.exited;
    await until(async () =>
      (await nuvom.storage.workers()).every(({ leaseUntil }) => leaseUntil <= Date.now()),
    );
    await nuvom.close();
    folder[Symbol.dispose]();
  }, 60_000);

  test("lets its jobs end when every process gets SIGTERM at once, as a service manager sends it", async () => {
    const { storage, nuvom, folder } = place();
    await using worker = startWorkerProgram(storage, ["--processes", "2"]);
    const [go, started] = [folder.file("go"), folder.file("started")];
    const job = await nuvom.enqueue(waitFor, { file: go, started }, { attempts: 1 });
    await until(started);
    for (const pid of [...idsOfChildren(worker.program.pid), worker.program.pid])
      process.kill(pid, "SIGTERM");
    await until(async () => worker.errors().includes("stopping"));
    writeFileSync(go, "");
    expect(await worker.program.exited).toBe(0);
    expect(await job.get()).toMatchObject({ state: "succeeded", attempt: 1, crashes: 0 });
    await nuvom.close();
    folder[Symbol.dispose]();
  });

  test.each([20, 100, 180, 260, 340])(
    "loses nothing to SIGTERM %d ms after it was started",
    async (delay) => {
      const { storage, nuvom, folder } = place();
      const jobs = await nuvom.enqueueMany(
        add,
        Array.from({ length: 20 }, (_, x) => ({ x, y: 0 })),
      );
      await using worker = startWorkerProgram(storage, ["--processes", "1"]);
      await Bun.sleep(delay);
      worker.program.kill("SIGTERM");
      await worker.program.exited;
      const after = await Promise.all(jobs.map((job) => job.get()));
      for (const { state, attempt, crashes } of after) {
        expect({ attempt, crashes }).toEqual({ attempt: state === "succeeded" ? 1 : 0, crashes: 0 });
      }
      expect(after.map(({ state }) => state)).not.toContain("running");
      await nuvom.close();
      folder[Symbol.dispose]();
    },
  );

  test.concurrent("reaps orphans and stops gracefully as the first program of a container", async () => {
    const { command, nuvom, folder } = place();
    const script = `exec ${command.map((word) => `'${word}'`).join(" ")} --processes 1`;
    const container = Bun.spawn(["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", script], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    expect(await (await nuvom.enqueue(leavesOrphans, undefined)).result({ timeout: "20s" })).toBe(1);
    const [first] = idsOfChildren(container.pid);
    const orphans = () => idsOfChildren(first!).filter((pid) => stateOf(pid)?.letter === "Z");
    await until(async () => orphans().length === 3);
    await until(async () => orphans().length === 0);
    process.kill(first!, "SIGTERM");
    expect(await container.exited).toBe(0);
    await nuvom.close();
    folder[Symbol.dispose]();
  }, 60_000);
});

test.concurrent.each(["SQLite", "Redis"])(
  "the job of a machine that dies runs on another within 15 seconds, on %s",
  async (name) => {
    const { folder, storage: file } = place();
    await using server = name === "Redis" ? await startRedis() : null;
    const storage = server?.url ?? file;
    await using nuvom = new Nuvom({ storage });
    await using victim = startWorkerProgram(storage, ["--processes", "1"]);
    const [go, started] = [folder.file("go"), folder.file("started")];
    const job = await nuvom.enqueue(waitFor, { file: go, started });
    await until(started);
    await using _other = startWorkerProgram(storage, ["--processes", "1"]);
    await until(async () => (await nuvom.storage.workers()).length === 2);
    const diedAt = Date.now();
    victim.program.kill("SIGKILL");
    writeFileSync(go, "");
    await job.result({ timeout: "60s" });
    const { attempt, crashes, startedAt } = await job.get();
    expect({ attempt, crashes }).toEqual({ attempt: 1, crashes: 1 });
    console.log(`${name}: the job of a dead machine ran ${startedAt! - diedAt} ms later on another`);
    expect(startedAt! - diedAt).toBeLessThan(15_000);
    folder[Symbol.dispose]();
  },
  60_000,
);
