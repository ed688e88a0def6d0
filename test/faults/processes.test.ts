import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type Task, task } from "../../src/index.ts";
import { startRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";
import { type Observation, processBench } from "./process-bench.ts";
import * as guilty from "./tasks/guilty.ts";

const redis = await startRedis();
const benches = {
  sqlite: await processBench((folder) => `sqlite:${folder}/jobs.db`),
  redis: await processBench(() => redis.url),
};
const storages = Object.entries(benches);
const report: Record<string, object> = {};

afterAll(async () => {
  console.table(report);
  await Promise.all(storages.map(([, bench]) => bench[Symbol.asyncDispose]()));
  await redis.stop();
});

interface Case {
  task: Task<never, unknown>;
  input?: unknown;
  /** Of the one error, `null` if it has none. */
  error: { name: string; says: string } | null;
  /** Unless it fails if there is an error, and succeeds if there is none. */
  state?: string;
  /** Whether its process dies, so that those beside it may be counted as suspects. */
  crashes: 0 | 1;
}

const killed = "the job's timeout of 400ms is over; it did not end by itself and was killed";
const timeout = { name: "TimeoutError", says: killed };
const died = (how: string) => ({ name: "ProcessDiedError", says: `the job's process died: ${how}` });
const unknown = task("defined-elsewhere", () => 1);
const throwsAtImport = task("throws-at-import", { retry: { attempts: 1 }, run: () => "never" });
const waitsAtImport = task("waits-at-import", { retry: { attempts: 1 }, run: () => "never" });
const loopsAtImport = task("loops-at-import", { retry: { attempts: 1 }, run: () => "never" });
const misfit = task("fits", ({ nickname }: { nickname: string }) => nickname);

const cases: Record<string, Case> = {
  "an endless loop": { task: guilty.loops, error: timeout, crashes: 1 },
  "Atomics.wait": { task: guilty.waits, error: timeout, crashes: 1 },
  "a promise that never settles": { task: guilty.neverSettles, error: timeout, crashes: 0 },
  "a stopped process": { task: guilty.stopsItself, error: timeout, crashes: 1 },
  "process.exit(0)": { task: guilty.exits, error: died("exit code 0"), crashes: 1 },
  "process.abort()": { task: guilty.aborts, error: died("signal SIGABRT"), crashes: 1 },
  SIGSEGV: { task: guilty.segfaults, error: died("signal SIGSEGV"), crashes: 1 },
  SIGKILL: { task: guilty.kills, error: died("signal SIGKILL"), crashes: 1 },
  "a closed channel": { task: guilty.disconnects, error: died("exit code 0"), crashes: 1 },
  "a message that cannot be read": {
    task: guilty.forges,
    error: died("it sent a message that cannot be read: "),
    crashes: 1,
  },
  "memory without end": {
    task: guilty.devours,
    error: { name: "OutOfMemoryError", says: "than its limit of 256mb" },
    crashes: 1,
  },
  "a rejection after the end": { task: guilty.leavesRejection, error: null, crashes: 1 },
  "an exception after the end": { task: guilty.leavesTimer, error: null, crashes: 1 },
  "a file that throws at import": {
    task: throwsAtImport,
    error: { name: "Error", says: "this file breaks" },
    crashes: 0,
  },
  "a file whose import waits": {
    task: waitsAtImport,
    error: { name: "ImportError", says: "waits-at-import.ts did not end within 1s" },
    crashes: 1,
  },
  "a file whose import loops": {
    task: loopsAtImport,
    error: { name: "ImportError", says: "loops-at-import.ts did not end within 1s" },
    crashes: 1,
  },
  "a task that nobody knows": { task: unknown, error: null, state: "pending", crashes: 0 },
  "an input that does not fit": {
    task: misfit as Task<never, unknown>,
    input: { nickname: "Ada" },
    error: null,
    state: "pending",
    crashes: 0,
  },
  "a result that is too large": {
    task: guilty.returnsTooMuch,
    error: { name: "EncodeError", says: "the limit is 1,048,576" },
    crashes: 0,
  },
  "a result that cannot be stored": {
    task: guilty.returnsFunction,
    error: { name: "EncodeError", says: "result.callback" },
    crashes: 0,
  },
  "a flood of output and messages": { task: guilty.floods, error: null, crashes: 0 },
  "closed output": { task: guilty.closesOutput, error: null, crashes: 0 },
  "replaced globals": { task: guilty.replacesGlobals, error: null, crashes: 0 },
};

function check({ error, state, crashes }: Case, { job, errors, neighbours }: Observation): void {
  expect(job.state).toBe((state ?? (error ? "failed" : "succeeded")) as never);
  expect(job.attempt).toBe(state === "pending" ? 0 : 1);
  expect(errors.map(({ name }) => name)).toEqual(error ? [error.name] : []);
  if (error) expect(errors[0]!.message).toContain(error.says);
  for (const each of neighbours) {
    expect(each).toMatchObject({ state: "succeeded", attempt: 1, errors: null });
    expect(each.crashes).toBeLessThanOrEqual(crashes);
  }
}

describe("a job does no harm to others by", () => {
  test.each(Object.entries(cases))(
    "%s",
    async (fault, example) => {
      const observed = await Promise.all(
        storages.map(([, bench]) => bench.observe(example.task, example.crashes > 0, example.input)),
      );
      for (const [index, observation] of observed.entries()) {
        const { job, errors, ended, slot } = observation;
        const how = errors[0]?.name ?? (job.parked ? "parked" : job.state);
        report[`${fault} (${storages[index]![0]})`] = {
          job: how,
          "ended after": ended,
          "slot works after": slot,
        };
        check(example, observation);
      }
    },
    30_000,
  );

  test("starting a program that is deaf, which is ended with it", async () => {
    for (const [, bench] of storages) {
      const file = bench.folder.file("program");
      const { errors } = await bench.observe(guilty.startsDeafProgram, true, { file });
      expect(errors[0]!.message).toBe(killed);
      const pid = Number(readFileSync(file, "utf8"));
      await until(async () => !isAlive(pid));
    }
  }, 30_000);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
