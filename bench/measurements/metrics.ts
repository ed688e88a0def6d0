/**
 * What metrics cost: how much slower a worker drains its queue while it is scraped each second, and how long a scrape
 * takes with a full storage. In short runs the time that it takes until the code is compiled shows: some 4 % of 150,000
 * jobs.
 */
import { Database } from "bun:sqlite";
import { Nuvom } from "nuvom";
import { metrics } from "nuvom/monitoring";
import { temporaryFolder } from "../../test/support/folder.ts";
import { freePort } from "../../test/support/redis.ts";
import { type Figure, median } from "../figures.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";
import { onEachStorage } from "../storages.ts";
import { startedAt } from "../tasks/clock.ts";
import { spawnWorker } from "../worker.ts";

export const measure: Measure = async ({ quick = false, jobs = quick ? 5_000 : 600_000 } = {}) => [
  ...(await whileDraining(jobs)),
  ...(await onEachStorage(async ({ name, url }) => {
    const scrape = await scrapeTime(url(), jobs, quick ? 1 : 10);
    return [figure(`metrics/scrape with ${jobs.toLocaleString("en")} pending`, name, "ms", scrape)];
  })),
];

async function whileDraining(jobs: number): Promise<Figure[]> {
  const without = await drained(jobs, false);
  const scraped = await drained(jobs, true);
  const name = "Nuvom on SQLite";
  return [
    figure(
      "metrics/jobs a second that they cost",
      name,
      "%",
      100 * (1 - scraped.perSecond / without.perSecond),
    ),
    figure("metrics/CPU time that they add", name, "%", 100 * (scraped.cpu / without.cpu - 1)),
  ];
}

interface Run {
  /** Jobs, from the first that began to the last that was recorded. */
  perSecond: number;
  /** Seconds of the worker and its processes, their start included. */
  cpu: number;
}

async function drained(jobs: number, isScraped: boolean): Promise<Run> {
  using folder = temporaryFolder();
  const file = folder.file("jobs.db");
  await insert(`sqlite:${file}`, jobs);
  const port = freePort();
  await using worker = spawnWorker(`sqlite:${file}`, [
    "--drain",
    ...(isScraped ? ["--metrics-port", `${port}`] : []),
  ]);
  const scrape = () => fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text());
  let scrapes = 0;
  const counted = () => {
    scrapes++;
  };
  // There is no answer before it listens and after it has ended.
  const timer = setInterval(() => isScraped && void scrape().then(counted, () => {}), 1_000);
  const { cpuTime } = await worker.ended();
  clearInterval(timer);
  using database = new Database(file, { readonly: true });
  const times = database.query<{ count: number; milliseconds: number }, []>(
    "SELECT count(*) AS count, max(finished_at) - min(started_at) AS milliseconds FROM jobs WHERE state = 'succeeded'",
  );
  const { count, milliseconds } = times.get()!;
  if (count !== jobs) throw new Error(`of ${jobs} jobs only ${count} succeeded`);
  if (isScraped && scrapes < Math.floor(milliseconds / 2_000))
    throw new Error(`in ${milliseconds} ms the worker answered ${scrapes} scrapes`);
  return { perSecond: (1_000 * count) / milliseconds, cpu: Number(cpuTime.total) / 1e6 };
}

async function insert(storage: string, count: number): Promise<void> {
  await using nuvom = new Nuvom({ storage, keep: "forever" });
  for (let left = count; left > 0; left -= 5_000) {
    await nuvom.enqueueMany(startedAt, Array<undefined>(Math.min(left, 5_000)).fill(undefined));
  }
}

/** Milliseconds, each a second after the one before, as what the storage holds is asked for once a second at most. */
async function scrapeTime(storage: string, pending: number, count: number): Promise<number> {
  await insert(storage, pending);
  await using nuvom = new Nuvom({ storage });
  const { registry } = metrics(nuvom);
  const times: number[] = [];
  for (let scrape = 0; scrape < count; scrape++) {
    await Bun.sleep(1_050);
    const began = performance.now();
    await registry.metrics();
    times.push(performance.now() - began);
  }
  return median(times);
}

if (import.meta.main) await runAlone(measure);
