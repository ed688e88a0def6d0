import { describe, expect, test } from "bun:test";
import { Registry } from "prom-client";
import { InvalidOptionError, Nuvom, openStorage, type Storage, type WorkerEvent } from "../../src/index.ts";
import { metrics } from "../../src/monitoring/index.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { until } from "../support/until.ts";
import { workbench } from "../support/worker.ts";

/** The samples of a text as Prometheus gets it, by name and labels. */
function samplesIn(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

async function scraped(registry: Registry) {
  return samplesIn(await registry.metrics());
}

const ended = { id: "j", task: "t", queue: "q", attempt: 1, waited: 250, duration: 20 };
const thrown = { name: "Error", message: "no", stack: "" };

describe("an event is counted", () => {
  const cases: [WorkerEvent, Record<string, number>][] = [
    [
      { type: "succeeded", ...ended, result: new Uint8Array() },
      {
        'nuvom_jobs_finished_total{task="t",queue="q",outcome="succeeded"}': 1,
        'nuvom_job_execution_seconds_sum{task="t",queue="q"}': 0.02,
        'nuvom_job_execution_seconds_bucket{le="0.01",task="t",queue="q"}': 0,
        'nuvom_job_execution_seconds_bucket{le="0.05",task="t",queue="q"}': 1,
        'nuvom_job_wait_seconds_sum{task="t",queue="q"}': 0.25,
        // What may be counted later is there, as Prometheus sees no increase in a series that begins above zero.
        'nuvom_jobs_finished_total{task="t",queue="q",outcome="failed"}': 0,
        'nuvom_job_attempts_failed_total{task="t",queue="q",cause="crash"}': 0,
        'nuvom_job_retries_total{task="t",queue="q"}': 0,
        'nuvom_process_deaths_total{reason="killed"}': 0,
      },
    ],
    [
      { type: "failed", ...ended, error: thrown, cause: "timeout" },
      {
        'nuvom_jobs_finished_total{task="t",queue="q",outcome="failed"}': 1,
        'nuvom_job_attempts_failed_total{task="t",queue="q",cause="timeout"}': 1,
        'nuvom_job_execution_seconds_count{task="t",queue="q"}': 1,
      },
    ],
    [
      { type: "retry", ...ended, error: thrown, cause: "crash", runAt: 5 },
      {
        'nuvom_job_retries_total{task="t",queue="q"}': 1,
        'nuvom_job_attempts_failed_total{task="t",queue="q",cause="crash"}': 1,
      },
    ],
    [
      { type: "cancelled", id: "j", task: "t", queue: "q", reason: null },
      { 'nuvom_jobs_finished_total{task="t",queue="q",outcome="cancelled"}': 1 },
    ],
    [
      { type: "claimed", jobs: 3, duration: 2 },
      { nuvom_claim_seconds_sum: 0.002, nuvom_claim_jobs_sum: 3, 'nuvom_claim_jobs_bucket{le="4"}': 1 },
    ],
    [
      { type: "settled", jobs: 2, duration: 4 },
      { nuvom_settle_seconds_sum: 0.004, nuvom_settle_jobs_sum: 2 },
    ],
    [{ type: "unfit", id: "j", task: "made up", reason: "no" }, { nuvom_jobs_parked_total: 1 }],
    [{ type: "refused", id: "j" }, { nuvom_outcomes_refused_total: 1 }],
    [{ type: "recovered", ids: ["a", "b"] }, { nuvom_jobs_recovered_total: 2 }],
    [
      { type: "fired", schedule: "s", occurrence: 5, lag: 30 },
      { nuvom_schedule_occurrences_fired_total: 1, nuvom_schedule_lag_seconds_sum: 0.03 },
    ],
    [{ type: "missed", schedule: "s", occurrences: 4 }, { nuvom_schedule_occurrences_missed_total: 4 }],
    [{ type: "process-started", pid: 7 }, { nuvom_process_starts_total: 1 }],
    [
      { type: "process-died", pid: 7, how: "", reason: "memory", killed: false, jobs: 0 },
      { 'nuvom_process_deaths_total{reason="memory"}': 1 },
    ],
    [{ type: "storage-error", error: null, retryIn: 5 }, { nuvom_storage_errors_total: 1 }],
    [{ type: "storage-back", after: 5 }, { nuvom_storage_reconnects_total: 1 }],
    [{ type: "lease-lost" }, { nuvom_leases_lost_total: 1 }],
  ];
  test.each(cases)("%p", async (event, expected) => {
    const { onEvent, registry } = metrics({ storage: openStorage("memory:") });
    onEvent(event);
    const samples = await scraped(registry);
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, samples.get(name)]))).toEqual(
      expected,
    );
  });

  test("for a task that no source defines there is no series", async () => {
    const { onEvent, registry } = metrics({ storage: openStorage("memory:") });
    onEvent({ type: "unfit", id: "j", task: "made up", reason: "no" });
    expect(await registry.metrics()).not.toContain("made up");
  });

  test("in queues beyond the two hundredth together", async () => {
    const { onEvent, registry } = metrics({ storage: openStorage("memory:") });
    for (let queue = 0; queue < 250; queue++) {
      onEvent({ type: "cancelled", id: "j", task: "t", queue: `q${queue}`, reason: null });
    }
    const samples = await scraped(registry);
    const name = (queue: string) =>
      `nuvom_jobs_finished_total{task="t",queue="${queue}",outcome="cancelled"}`;
    expect([samples.get(name("q199")), samples.get(name("q200")), samples.get(name("other"))]).toEqual([
      1,
      undefined,
      50,
    ]);
  });
});

describe("what a storage holds is read at a scrape", () => {
  test("by queue and state, with the age of what is due for longest", async () => {
    await using nuvom = new Nuvom({ storage: "memory:" });
    const { registry } = metrics(nuvom);
    const now = Date.now();
    await nuvom.enqueue(tasks.echo, 1, { queue: "late", at: new Date(now - 90_000) });
    await nuvom.enqueue(tasks.echo, 1, { queue: "late", in: "1h" });
    await nuvom.enqueue(tasks.echo, 1, { queue: "future", in: "1h" });
    await nuvom.storage.pause("future", true);
    const samples = await scraped(registry);
    expect(samples.get("nuvom_storage_up")).toBe(1);
    expect(samples.get('nuvom_queue_jobs{queue="late",state="pending"}')).toBe(2);
    expect(samples.get('nuvom_queue_jobs{queue="late",state="failed"}')).toBe(0);
    expect(samples.get('nuvom_jobs_enqueued_total{queue="late"}')).toBe(2);
    expect(samples.get('nuvom_queue_paused{queue="late"}')).toBe(0);
    expect(samples.get('nuvom_queue_paused{queue="future"}')).toBe(1);
    expect(samples.get('nuvom_queue_oldest_due_seconds{queue="late"}')).toBeWithin(90, 100);
    expect(samples.get('nuvom_queue_oldest_due_seconds{queue="future"}')).toBe(0);
  });

  test("of the first two hundred queues by name, and of the others together", async () => {
    const storage = openStorage("memory:");
    const now = Date.now();
    const none = { pending: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
    const queue = (name: string, paused = false, nextRunAt: number | null = null) => {
      return { name, paused, ...none, pending: 1, added: 1, nextRunAt };
    };
    const rest = [queue("late", false, now - 600_000), queue("paused", true, now - 900_000)];
    const queues = [...Array.from({ length: 200 }, (_, index) => queue(`a${index}`)), ...rest];
    const { registry, onEvent } = metrics({ storage: { ...storage, counts: async () => queues } });
    onEvent({ type: "cancelled", id: "j", task: "t", queue: "late", reason: null });
    const samples = await scraped(registry);
    expect(samples.get('nuvom_queue_jobs{queue="a7",state="pending"}')).toBe(1);
    expect(samples.get('nuvom_queue_jobs{queue="other",state="pending"}')).toBe(2);
    expect(samples.get('nuvom_queue_paused{queue="other"}')).toBe(0);
    expect(samples.get('nuvom_queue_oldest_due_seconds{queue="other"}')).toBeWithin(600, 700);
  });

  test("once, however many scrapes there are in a second", async () => {
    const storage = openStorage("memory:");
    let reads = 0;
    const counts: Storage["counts"] = () => {
      reads++;
      return storage.counts();
    };
    const { registry } = metrics({ storage: { ...storage, counts } });
    await Promise.all([registry.metrics(), registry.metrics()]);
    await registry.metrics();
    expect(reads).toBe(1);
  });

  test("and is the same in scrapes at once", async () => {
    await using nuvom = new Nuvom({ storage: "memory:" });
    await nuvom.enqueueMany(tasks.echo, [1, 2, 3]);
    const { registry } = metrics(nuvom);
    const [first, second] = await Promise.all([scraped(registry), scraped(registry)]);
    expect(first.get('nuvom_queue_jobs{queue="default",state="pending"}')).toBe(3);
    expect(first.get('nuvom_jobs_enqueued_total{queue="default"}')).toBe(3);
    expect([...second].filter(([name]) => name.startsWith("nuvom_queue_jobs"))).toEqual(
      [...first].filter(([name]) => name.startsWith("nuvom_queue_jobs")),
    );
  });

  test("and if it cannot be, the rest is there all the same", async () => {
    const storage = openStorage("memory:");
    const { registry, onEvent } = metrics({ storage });
    onEvent({ type: "lease-lost" });
    await storage.close();
    const samples = await scraped(registry);
    expect(samples.get("nuvom_storage_up")).toBe(0);
    expect(samples.get("nuvom_leases_lost_total")).toBe(1);
    expect([...samples.keys()].filter((name) => name.startsWith("nuvom_queue"))).toEqual([]);
  });
});

test("metrics are in the registry that is given", async () => {
  const registry = new Registry();
  expect(metrics({ storage: openStorage("memory:") }, { registry }).registry).toBe(registry);
  expect(await registry.metrics()).toContain("nuvom_build_info");
});

describe("a worker with a port for metrics", () => {
  async function monitored() {
    const bench = await workbench({ metricsPort: 0 });
    const { url } = await bench.event("listening");
    const get = async (path: string) => {
      const response = await fetch(new URL(path, url));
      return { status: response.status, text: await response.text() };
    };
    return { bench, url, get, scrape: async () => samplesIn((await get("metrics")).text) };
  }

  test("tells what its jobs do, and how it is itself", async () => {
    const { bench, get, scrape } = await monitored();
    await using _ = bench;
    await (await bench.nuvom.enqueue(tasks.echo, 5)).result();
    await (await bench.nuvom.enqueue(tasks.broken, undefined)).result().catch(() => {});
    const samples = await scrape();
    const named = (name: string, labels: string) => samples.get(`nuvom_${name}{${labels}}`);
    expect(named("jobs_finished_total", 'task="echo",queue="default",outcome="succeeded"')).toBe(1);
    expect(named("jobs_finished_total", 'task="broken",queue="default",outcome="failed"')).toBe(1);
    expect(named("job_retries_total", 'task="broken",queue="default"')).toBe(1);
    expect(named("job_attempts_failed_total", 'task="broken",queue="default",cause="error"')).toBe(2);
    expect(samples.get("nuvom_worker_processes")).toBeGreaterThanOrEqual(1);
    expect(samples.get("nuvom_worker_processes_memory_bytes")).toBeGreaterThan(10_000_000);
    expect(samples.get("nuvom_worker_last_claim_timestamp_seconds")).toBeGreaterThan(Date.now() / 1_000 - 60);
    expect((await get("nothing")).status).toBe(404);
  });

  test("can be reached from this machine only", async () => {
    const { bench, url } = await monitored();
    await using _ = bench;
    expect(new URL(url).hostname).toBe("127.0.0.1");
  });

  test("is ready while it may take jobs, and says so until it has stopped", async () => {
    const { bench, get } = await monitored();
    await using _ = bench;
    await until(async () => (await get("readyz")).status === 200);
    expect(await get("healthz")).toEqual({ status: 200, text: "ok\n" });
    const started = bench.folder.file("started");
    const job = await bench.nuvom.enqueue(tasks.waitFor, { file: bench.folder.file("go"), started });
    await until(started);
    expect((await scrapeOf(get)).get("nuvom_worker_running_jobs")).toBe(1);
    const stopped = bench.worker.stop({ grace: "1m" });
    await until(async () => (await get("readyz")).status === 503);
    expect((await get("readyz")).text).toBe("it is stopping\n");
    await Bun.write(bench.folder.file("go"), "");
    await stopped;
    expect(await job.state()).toBe("succeeded");
    expect(get("healthz")).rejects.toThrow();
  });

  test("whose port is taken does not start, and leaves nothing", async () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const start = workbench({ metricsPort: server.port! });
    await expect(start).rejects.toBeInstanceOf(InvalidOptionError);
    await expect(start).rejects.toThrow(`something listens on 127.0.0.1:${server.port} already`);
    await server.stop();
  });
});

async function scrapeOf(get: (path: string) => Promise<{ text: string }>) {
  return samplesIn((await get("metrics")).text);
}
