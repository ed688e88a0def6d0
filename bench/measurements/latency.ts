/** An idle worker: what it costs, and how soon it starts a job that another program enqueues. */
import { type JobHandle, Nuvom } from "nuvom";
import { quantile } from "../figures.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";
import { onEachStorage } from "../storages.ts";
import { startedAt } from "../tasks/clock.ts";
import { onLinuxOnly, usage } from "../usage.ts";
import { preciseNow, spawnWorker, warmedUp } from "../worker.ts";

export const measure: Measure = ({ quick = false, jobs = quick ? 50 : 500 } = {}) =>
  onEachStorage(async ({ name, url }) => {
    await using nuvom = new Nuvom({ storage: url() });
    await using worker = spawnWorker(url());
    await warmedUp(nuvom);
    // What was run is compiled, and its garbage collected, for a while after it.
    if (!quick) await Bun.sleep(5_000);
    const idle = await idleShare(worker.pid, quick ? 1 : 30);
    const latencies = await startLatencies(nuvom, jobs);
    return [
      figure("latency/enqueue to start, p50", name, "ms", quantile(latencies, 0.5)),
      figure("latency/enqueue to start, p99", name, "ms", quantile(latencies, 0.99)),
      figure("latency/idle CPU", name, "%", idle),
    ];
  });

/** Percent of a core that the worker and its processes use together. */
async function idleShare(pid: number, seconds: number) {
  const before = usage(pid);
  await Bun.sleep(1_000 * seconds);
  const after = usage(pid);
  return before && after ? (100 * (after.cpu - before.cpu)) / seconds : onLinuxOnly;
}

/** Milliseconds from the call of enqueue, each once the worker has been idle for a while. */
async function startLatencies(nuvom: Nuvom, count: number): Promise<number[]> {
  const calls: { called: number; job: JobHandle<number> }[] = [];
  for (let index = 0; index < count; index++) {
    await Bun.sleep(10 + Math.random() * 20);
    const called = preciseNow();
    calls.push({ called, job: await nuvom.enqueue(startedAt, undefined) });
  }
  // Not asked for before, as looking for results would disturb what is measured.
  return Promise.all(calls.map(async ({ called, job }) => (await job.result()) - called));
}

if (import.meta.main) await runAlone(measure);
