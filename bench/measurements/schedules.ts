/** How many occurrences a second become jobs when many schedules are due at once, and how late the job of one starts. */
import { type Job, Nuvom, openStorage } from "nuvom";
import { systemClock } from "../../src/clock.ts";
import { decode } from "../../src/codec.ts";
import { recurrence } from "../../src/recurrence.ts";
import { scheduleChange } from "../../src/schedule.ts";
import { aJob } from "../../src/testing/builders.ts";
import { Scheduler } from "../../src/worker/scheduler.ts";
import { quantile } from "../figures.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";
import { onEachStorage } from "../storages.ts";
import { startedAt } from "../tasks/clock.ts";
import { spawnWorker, warmedUp } from "../worker.ts";

const hour = 3_600_000;
const perChange = 500;

export const measure: Measure = ({ quick = false, jobs = quick ? 1_000 : 10_000 } = {}) =>
  onEachStorage(async ({ name, url }) => {
    const perSecond = await firedPerSecond(url("many"), jobs);
    const late = await lags(url("one"), quick ? 30 : 200);
    return [
      figure("schedules/occurrences of many schedules", name, "jobs/s", perSecond),
      figure("schedules/occurrence to start, p50", name, "ms", quantile(late, 0.5)),
      figure("schedules/occurrence to start, p99", name, "ms", quantile(late, 0.99)),
    ];
  });

/** By the scheduler of one worker, with one job for each. */
async function firedPerSecond(url: string, count: number): Promise<number> {
  const storage = openStorage(url);
  const now = Date.now();
  const at = now + hour;
  const definition = {
    recurrence: recurrence({ every: "1h" }, now, "bench"),
    template: aJob({ task: startedAt.name }),
    project: null,
    createdAt: now,
    made: 0,
    lastOccurrence: null,
    lastJob: null,
  };
  for (let first = 0; first < count; first += perChange) {
    const changes = Array.from({ length: Math.min(perChange, count - first) }, (_, index) => {
      const id = `schedule-${first + index}`;
      return scheduleChange({ id, queue: "default", nextRunAt: at, paused: false, definition }, null);
    });
    await storage.changeSchedules(changes);
  }
  let failure: unknown = null;
  const scheduler = new Scheduler({
    storage,
    clock: { ...systemClock, now: () => at },
    random: Math.random,
    rank: () => 0,
    emit: () => {},
    failed: (error) => {
      failure = error;
    },
  });
  const began = performance.now();
  while ((await scheduler.step()) === at);
  const seconds = (performance.now() - began) / 1_000;
  const [made] = await storage.counts();
  await storage.close();
  if (failure) throw failure;
  if (made?.pending !== count) throw new Error(`${count} schedules made ${made?.pending ?? 0} jobs`);
  return count / seconds;
}

/** Milliseconds from an occurrence to the start of its job. */
async function lags(url: string, count: number): Promise<number[]> {
  await using nuvom = new Nuvom({ storage: url, keep: "forever" });
  await using _worker = spawnWorker(url);
  await warmedUp(nuvom);
  const every = 50;
  const { id } = await nuvom.schedule(startedAt, undefined, { every, limit: count, id: "timed" });
  const isEnded = ({ schedule, state }: Job) => schedule === id && state === "succeeded";
  for (;;) {
    await Bun.sleep(every * count);
    const ended = (await nuvom.storage.list({}, { limit: 2 * count })).filter(isEnded);
    if (ended.length === count)
      return ended.map((job) => (decode(job.result!) as number) - job.scheduledFor!);
  }
}

if (import.meta.main) await runAlone(measure);
