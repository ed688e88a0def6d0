import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Job } from "../../src/index.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { commandLine } from "../support/command-line.ts";
import { countOf, every } from "../support/jobs.ts";
import { startWorkerProgram } from "../support/programs.ts";
import { promtool, type Sample, startPrometheus } from "../support/prometheus.ts";
import { freePort } from "../support/redis.ts";
import { until } from "../support/until.ts";
import { alerts, queries } from "./expressions.ts";

const port = freePort();
const bench = commandLine();
let worker: ReturnType<typeof startWorkerProgram>;
let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
let jobs: Job[];

const of = (task: string) => jobs.filter((job) => job.task === task);

/** What an expression is, as soon as it is something: a scrape that comes too late on a busy machine leaves a gap. */
async function answer(expression: string): Promise<Sample[]> {
  let samples: Sample[] = [];
  await until(async () => {
    samples = await prometheus.query(expression);
    return samples.length > 0;
  }, 10_000);
  return samples;
}

async function theValue(expression: string): Promise<number> {
  const [sample, ...others] = await answer(expression);
  if (others.length > 0) throw new Error(`${expression} has ${1 + others.length} values`);
  return sample!.value;
}

const finished = (count: number) =>
  until(async () => (await theValue("sum(nuvom_jobs_finished_total)")) === count);

/** Two queues, thousands of quick jobs, some slow ones and some that fail; and then a queue that is paused. */
beforeAll(async () => {
  const { client, storage } = bench;
  const arguments_ = ["--metrics-port", `${port}`, "--processes", "2", "--concurrency", "8", "--quiet"];
  worker = startWorkerProgram(storage, arguments_);
  prometheus = await startPrometheus(`127.0.0.1:${port}`);
  await until(async () => (await theValue("nuvom_storage_up")) === 1);
  await client.enqueueMany(tasks.echo, Array(3_000).fill(null));
  await client.enqueueMany(tasks.echo, Array(500).fill(null), { queue: "mail" });
  await client.enqueueMany(tasks.nap, Array(32).fill({ milliseconds: 200 }), { queue: "mail" });
  await client.enqueueMany(tasks.broken, Array(150).fill(undefined));
  await client.enqueueMany(tasks.refuses, Array(40).fill(undefined), { queue: "mail" });
  await finished(3_722);
  await client.enqueueMany(tasks.refuses, Array(10).fill(undefined), { queue: "mail" });
  await finished(3_732);
  await client.storage.pause("mail", true);
  await client.enqueueMany(tasks.echo, Array(17).fill(null), {
    queue: "mail",
    at: new Date(Date.now() - 60_000),
  });
  await client.enqueueMany(tasks.echo, Array(5).fill(null), { queue: "mail", in: "1h" });
  await until(async () => (await theValue('sum(nuvom_queue_jobs{state="pending"})')) === 22);
  jobs = await every(client.storage);
}, 30_000);

afterAll(async () => {
  await prometheus?.[Symbol.asyncDispose]();
  await worker?.[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

const counted = (samples: Sample[], label: string) =>
  Object.fromEntries(samples.map(({ labels, value }) => [labels[label], value]));
const average = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

describe("Prometheus answers from a worker under load", () => {
  test("how long tasks take", async () => {
    const attempts = await answer("sum by (task) (nuvom_job_execution_seconds_count)");
    expect(counted(attempts, "task")).toEqual({ echo: 3_500, nap: 32, broken: 300, refuses: 50 });
    const seconds = "nuvom_job_execution_seconds";
    const mean = await theValue(`sum(${seconds}_sum{task="nap"}) / sum(${seconds}_count{task="nap"})`);
    // The storage knows when an outcome was recorded, which on a busy machine is later than when it was reported.
    const recorded = average(of("nap").map(({ startedAt, finishedAt }) => finishedAt! - startedAt!));
    expect(mean * 1_000).toBeWithin(200 - 2, recorded * 1.1);
    const median = (task: string) =>
      theValue(`histogram_quantile(0.5, sum by (le) (${seconds}_bucket{task="${task}"}))`);
    expect(await median("nap")).toBeWithin(0.1, 0.5);
    expect(await median("echo")).toBeWithin(0, 0.01);
  });

  test("how deep the queues are, and how long what is due has waited", async () => {
    for (const { name, added, nextRunAt, paused, ...states } of await bench.client.storage.counts()) {
      const held = await answer(`max by (state) (nuvom_queue_jobs{queue="${name}"})`);
      expect(counted(held, "state")).toEqual({ ...states });
      expect(await theValue(`max(nuvom_jobs_enqueued_total{queue="${name}"})`)).toBe(added);
      expect(await theValue(`max(nuvom_queue_paused{queue="${name}"})`)).toBe(Number(paused));
      const oldest = nextRunAt === null ? 0 : (Date.now() - nextRunAt) / 1_000;
      const shown = await theValue(`max(nuvom_queue_oldest_due_seconds{queue="${name}"})`);
      expect(shown).toBeWithin(oldest - 10, oldest + 0.001);
    }
  });

  test("how much fails, and of what", async () => {
    const ended = await answer("sum by (outcome) (nuvom_jobs_finished_total)");
    const { storage } = bench.client;
    const [succeeded, failed] = [await countOf(storage, "succeeded"), await countOf(storage, "failed")];
    expect(counted(ended, "outcome")).toEqual({ succeeded, failed, cancelled: 0 });
    expect(failed).toBe(200);
    const causes = await answer("sum by (cause) (nuvom_job_attempts_failed_total)");
    expect(counted(causes, "cause")).toEqual({ error: 350, timeout: 0, crash: 0, memory: 0 });
    const retries = await answer("sum by (task) (nuvom_job_retries_total)");
    expect(counted(retries, "task")).toEqual({ echo: 0, nap: 0, broken: 150, refuses: 0 });
    expect(await theValue('sum(increase(nuvom_jobs_finished_total{outcome="failed"}[1m]))')).toBeGreaterThan(
      5,
    );
  });
});

test("the names, types and help of all metrics are as Prometheus likes them", async () => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(await promtool(["check", "metrics"], text)).toEqual({ output: "", exitCode: 0 });
});

describe("Prometheus has an answer", () => {
  const variables: Record<string, string> = { $job: "nuvom", $queue: ".*", $__rate_interval: "1m" };
  const filled = (expression: string) => expression.replaceAll(/\$\w+/g, (name) => variables[name]!);

  test.each(queries)("for the dashboard: $title, $legend", async ({ expr }) => {
    await answer(filled(expr));
  });

  test.each(alerts)("for $alert", async ({ expr }) => {
    await prometheus.query(expr);
  });
});
