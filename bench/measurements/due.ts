/** How late jobs start that were enqueued for a time: alone now and then, and 1,000 at once. */
import { Nuvom } from "nuvom";
import { median, quantile } from "../figures.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";
import { onEachStorage } from "../storages.ts";
import { startedAt } from "../tasks/clock.ts";
import { spawnWorker, warmedUp } from "../worker.ts";

const atOnce = 1_000;
/** Milliseconds until the first is due: by then all are enqueued. */
const lead = 500;

export const measure: Measure = ({ quick = false, jobs = quick ? 30 : 500 } = {}) =>
  onEachStorage(async ({ name, url }) => {
    await using nuvom = new Nuvom({ storage: url() });
    await using _worker = spawnWorker(url());
    await warmedUp(nuvom);
    const alone = await lags(nuvom, spread(jobs));
    const last: number[] = [];
    for (let burst = 0; burst < (quick ? 1 : 5); burst++) {
      last.push(Math.max(...(await lags(nuvom, Array<number>(atOnce).fill(0)))));
    }
    return [
      figure("due/to start, alone, p50", name, "ms", quantile(alone, 0.5)),
      figure("due/to start, alone, p99", name, "ms", quantile(alone, 0.99)),
      figure("due/to start of the last of 1,000 due at once", name, "ms", median(last)),
    ];
  });

/** Milliseconds after the first, so far apart that the one before has long ended. */
function spread(count: number): number[] {
  let at = 0;
  return Array.from({ length: count }, () => {
    at += 10 + Math.round(Math.random() * 20);
    return at;
  });
}

/** Milliseconds from due to started, of jobs that are due so many milliseconds after the first. */
async function lags(nuvom: Nuvom, offsets: readonly number[]): Promise<number[]> {
  const first = Date.now() + lead;
  const dueAt = (index: number) => first + offsets[index]!;
  const jobs = await nuvom.enqueueMany(
    startedAt,
    Array<undefined>(offsets.length).fill(undefined),
    (_, index) => ({
      at: new Date(dueAt(index)),
    }),
  );
  if (Date.now() >= first) throw new Error(`${jobs.length} jobs were not enqueued within ${lead} ms`);
  // Looking for results would disturb what is measured.
  await Bun.sleep(dueAt(offsets.length - 1) + lead - Date.now());
  return Promise.all(jobs.map(async (job, index) => (await job.result()) - dueAt(index)));
}

if (import.meta.main) await runAlone(measure);
