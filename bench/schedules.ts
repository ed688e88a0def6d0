/**
 * What scheduling costs, on SQLite and on a Redis of its own: claims with a million jobs in the future against claims
 * with none, schedules by the thousand, and the time from due to started in an isolated process.
 * `bun bench/schedules.ts [jobs in the future] [schedules] [timed jobs]`, on Linux.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Nuvom, openStorage, type Storage } from "nuvom";
import { systemClock } from "../src/clock.ts";
import { decode } from "../src/codec.ts";
import { recurrence } from "../src/recurrence.ts";
import { scheduleChange } from "../src/schedule.ts";
import { aJob, aWorker } from "../src/testing/builders.ts";
import { Scheduler } from "../src/worker/scheduler.ts";
import { startRedis } from "../test/support/redis.ts";
import { startedAt } from "./tasks/clock.ts";

const futureJobs = Number(process.argv[2] ?? 1_000_000);
const scheduleCount = Number(process.argv[3] ?? 10_000);
const timedJobs = Number(process.argv[4] ?? 1_000);
const day = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), "nuvom-bench-"));
const server = await startRedis();
const places = {
  SQLite: (name: string) => `sqlite:${join(folder, name)}`,
  Redis: (name: string) => `${server.url}?prefix=${name}&timeout=60s`,
};

for (const [name, urlOf] of Object.entries(places)) {
  console.log(`\n${name}`);
  await claims(urlOf("claims"));
  await schedules(urlOf("schedules"));
  await latency(urlOf("latency"));
}
await server.stop();
rmSync(folder, { recursive: true });

async function claims(url: string) {
  const storage = openStorage(url);
  await storage.heartbeat(aWorker("bench", { leaseUntil: Number.MAX_SAFE_INTEGER }));
  // The first rounds warm up.
  await medianClaim(storage);
  const alone = await medianClaim(storage);
  const idle = await workerMemory(url);
  for (let added = 0; added < futureJobs; added += 10_000) {
    const batch = Math.min(10_000, futureJobs - added);
    await storage.insert(
      Array.from({ length: batch }, (_, i) => aJob({ runAt: Date.now() + day + added + i })),
    );
  }
  const beside = await medianClaim(storage);
  const full = await workerMemory(url);
  console.log(
    `  claiming 1,000 due jobs, 50 at a time: ${alone.toFixed(1)} ms; with ${futureJobs} in the future: ${beside.toFixed(1)} ms, ratio ${(beside / alone).toFixed(2)}`,
  );
  console.log(`  memory of an idle worker: ${idle} MB without, ${full} MB with them`);
  await storage.close();
}

async function medianClaim(storage: Storage): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 9; round++) times.push(await claimAll(storage));
  return times.toSorted((a, b) => a - b)[4]!;
}

/** The milliseconds that it takes to claim 1,000 jobs. */
async function claimAll(storage: Storage): Promise<number> {
  await storage.insert(Array.from({ length: 1_000 }, () => aJob()));
  const began = performance.now();
  for (let claimed = 0; claimed < 1_000; ) {
    claimed += (await storage.claim("bench", ["default"], 50, Date.now())).length;
  }
  return performance.now() - began;
}

async function workerMemory(url: string): Promise<number> {
  const worker = startWorker(url);
  await Bun.sleep(3_000);
  const pages = Number(readFileSync(`/proc/${worker.pid}/statm`, "utf8").split(" ")[1]);
  worker.kill("SIGTERM");
  await worker.exited;
  return Math.round((pages * 4096) / 1024 / 1024);
}

async function schedules(url: string) {
  const storage = openStorage(url);
  const empty = await drain(url);
  const now = Date.now();
  const rule = recurrence({ every: "1h" }, now, "bench");
  const job = aJob({ task: startedAt.name });
  const definition = {
    recurrence: rule,
    template: job,
    project: null,
    createdAt: now,
    made: 0,
    lastOccurrence: null,
    lastJob: null,
  };
  const at = now + 3_600_000;
  for (let first = 0; first < scheduleCount; first += 500) {
    const batch = Array.from({ length: Math.min(500, scheduleCount - first) }, (_, i) => ({
      ...{ id: `schedule-${first + i}`, queue: "default", nextRunAt: at, paused: false, definition },
    }));
    await storage.changeSchedules(batch.map((schedule) => scheduleChange(schedule, null)));
  }
  const loaded = await drain(url);
  console.log(
    `  start to end of a worker that has nothing to do: ${empty.toFixed(0)} ms; with ${scheduleCount} schedules: ${loaded.toFixed(0)} ms`,
  );
  Bun.gc(true);
  const memory = process.memoryUsage.rss();
  const scheduler = new Scheduler({
    storage,
    clock: { ...systemClock, now: () => at },
    random: Math.random,
    rank: () => 0,
    emit: () => {},
    failed: (error) => console.error(error),
  });
  const began = performance.now();
  while ((await scheduler.step()) === at);
  const took = performance.now() - began;
  const grown = (process.memoryUsage.rss() - memory) / 1024 / 1024;
  console.log(
    `  ${scheduleCount} schedules due at once: fired in ${took.toFixed(0)} ms; the memory of the scheduler grew by ${grown.toFixed(0)} MB`,
  );
  await storage.close();
}

/** The milliseconds that `nuvom worker --drain` takes. */
async function drain(url: string): Promise<number> {
  const began = performance.now();
  await startWorker(url, "--drain").exited;
  return performance.now() - began;
}

async function latency(url: string) {
  await using nuvom = new Nuvom({ storage: url });
  const worker = startWorker(url);
  const warm = await nuvom.enqueueMany(
    startedAt,
    Array.from({ length: 20 }, () => undefined),
  );
  await Promise.all(warm.map((job) => job.result()));

  const first = Date.now() + 2_000;
  const jobs = await nuvom.enqueueMany(
    startedAt,
    Array.from({ length: timedJobs }, () => undefined),
    (_, index) => ({ at: new Date(first + index * 11) }),
  );
  await Bun.sleep(first + timedJobs * 11 + 1_000 - Date.now());
  const delays: number[] = [];
  for (const job of jobs) delays.push((await job.result()) - (await job.get()).runAt);
  report("from due to started, jobs", delays);

  const schedule = await nuvom.schedule(startedAt, undefined, { every: 25, limit: timedJobs, id: "timed" });
  await Bun.sleep(timedJobs * 25 + 5_000);
  const made = (await nuvom.storage.list({}, { limit: 3 * timedJobs })).filter(
    (job) => job.schedule === schedule.id,
  );
  report(
    "from due to started, occurrences",
    made.map((job) => (decode(job.result!) as number) - job.scheduledFor!),
  );
  worker.kill("SIGTERM");
  await worker.exited;
}

function startWorker(url: string, ...flags: string[]) {
  const main = join(import.meta.dir, "../cli/main.ts");
  const command = ["worker", "--quiet", "--root", import.meta.dir, "--storage", url, ...flags];
  return Bun.spawn([process.execPath, main, ...command], { stdio: ["ignore", "inherit", "inherit"] });
}

function report(what: string, milliseconds: number[]) {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);
  console.log(`  ${what}: ${sorted.length}, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`);
}
