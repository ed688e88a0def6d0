/**
 * What metrics cost: how much slower a worker drains its queue while it is scraped each second, and how long a scrape
 * takes with a full storage. `bun bench/metrics.ts [jobs of a run] [pairs of runs] [pending jobs]`; the worker is
 * `nuvom worker`, with a SQLite file, and a Redis of its own for the second part. In short runs the time that it takes until
 * the code is compiled shows: some 4 % of 150,000 jobs.
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { Nuvom } from "nuvom";
import { metrics } from "nuvom/monitoring";
import { temporaryFolder } from "../test/support/folder.ts";
import { freePort, startRedis } from "../test/support/redis.ts";
import { startedAt } from "./tasks/clock.ts";

const [jobs = 600_000, pairs = 6, pending = 1_000_000] = process.argv.slice(2).map(Number);
const port = freePort();

const runs: { without: Run; scraped: Run }[] = [];
await drained(false);
for (let pair = 0; pair < pairs; pair++) {
  const run = { without: await drained(false), scraped: await drained(true) };
  console.log(`without metrics ${describe(run.without)}; with metrics ${describe(run.scraped)}`);
  runs.push(run);
}
const speeds = runs.map(({ without, scraped }) => 1 - scraped.perSecond / without.perSecond);
const cpu = runs.map(({ without, scraped }) => scraped.cpu / without.cpu - 1);
console.log(
  `of ${pairs} pairs: throughput is less by ${spread(speeds)}, and CPU time more by ${spread(cpu)}`,
);

await scrapes("SQLite", async (file) => `sqlite:${file}?synchronous=normal`);
await using redis = await startRedis();
await scrapes("Redis", async () => redis.url);

interface Run {
  /** Jobs, from the first that began to the last that was recorded. */
  perSecond: number;
  /** Seconds of the worker and its processes, their start included. */
  cpu: number;
}

function describe({ perSecond, cpu }: Run): string {
  return `${Math.round(perSecond)} jobs a second, ${cpu.toFixed(2)} s of CPU`;
}

function spread(shares: number[]): string {
  const sorted = shares.toSorted((a, b) => a - b);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const median = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
  return `${percent(median)} (median; from ${percent(sorted[0]!)} to ${percent(sorted.at(-1)!)})`;
}

async function insert(nuvom: Nuvom, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 5_000) {
    await nuvom.enqueueMany(startedAt, Array(Math.min(left, 5_000)).fill(undefined));
  }
}

async function drained(isScraped: boolean): Promise<Run> {
  using folder = temporaryFolder();
  const file = folder.file("jobs.db");
  const nuvom = new Nuvom({ storage: `sqlite:${file}`, keep: "forever" });
  await insert(nuvom, jobs);
  await nuvom.close();
  const main = join(import.meta.dir, "../cli/main.ts");
  const worker = Bun.spawn(
    [
      ...[process.execPath, main, "worker", "--quiet", "--drain", "--root", import.meta.dir],
      ...["--storage", `sqlite:${file}`, ...(isScraped ? ["--metrics-port", `${port}`] : [])],
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  const scrape = () => fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text());
  const timer = setInterval(() => isScraped && void scrape().catch(() => {}), 1_000);
  if ((await worker.exited) !== 0) throw new Error("the worker failed");
  clearInterval(timer);
  using database = new Database(file, { readonly: true });
  const times = database.query<{ count: number; milliseconds: number }, []>(
    "SELECT count(*) AS count, max(finished_at) - min(started_at) AS milliseconds FROM jobs WHERE state = 'succeeded'",
  );
  const { count, milliseconds } = times.get()!;
  if (count !== jobs) throw new Error(`only ${count} jobs succeeded`);
  return {
    perSecond: (1_000 * count) / milliseconds,
    cpu: Number(worker.resourceUsage()!.cpuTime.total) / 1e6,
  };
}

/** Each a second after the one before, as what the storage holds is asked for once a second at most. */
async function scrapes(name: string, storage: (file: string) => Promise<string>): Promise<void> {
  using folder = temporaryFolder();
  const nuvom = new Nuvom({ storage: await storage(folder.file("jobs.db")), keep: "forever" });
  await insert(nuvom, pending);
  const { registry } = metrics(nuvom);
  const times: number[] = [];
  let bytes = 0;
  for (let scrape = 0; scrape < 10; scrape++) {
    await Bun.sleep(1_050);
    const began = performance.now();
    bytes = (await registry.metrics()).length;
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  console.log(
    `${name} with ${pending} pending jobs: a scrape takes ${times[5]!.toFixed(1)} ms, at most ${times[9]!.toFixed(1)} ms, and has ${bytes} bytes`,
  );
  await nuvom.close();
}
