/**
 * One measurement of one contestant, in a process of its own: `bun bench/contest.ts <file> <name> <measurement> <jobs>`
 * prints what came out as JSON on the last line. The servers are in the environment.
 */
import { join } from "node:path";
import { temporaryFolder } from "../test/support/folder.ts";
import { type Contest, type Contestant, type Payload, payloads } from "./contestant.ts";
import type { ContestName } from "./figures.ts";

export type Measured = { perSecond: number; problem: null } | { perSecond: null; problem: string };

const inFlight = 200;
const perBulk = 1_000;
/** How much of the work is done beforehand, so that code is compiled and connections are open. */
const warmUp = 0.2;

async function measure(contestant: Contestant, measurement: ContestName, count: number): Promise<Measured> {
  using folder = temporaryFolder();
  const { REDIS_URL: redis = "", POSTGRESQL_URL: postgresql = "" } = process.env;
  const contest = await contestant.open({ folder: folder.path, redis, postgresql });
  const warm = Math.round(count * warmUp);
  const all = warm + count;
  try {
    const seconds =
      measurement === "drain"
        ? await draining(contest, warm, count)
        : await enqueueing(contest, producers[measurement], warm, count);
    const problem = miscounted(await contest.delivered(), all);
    return problem === null ? { perSecond: count / seconds, problem } : { perSecond: null, problem };
  } finally {
    await contest.close();
  }
}

async function draining(contest: Contest, warm: number, count: number): Promise<number> {
  await producers.bulk(contest, payloads(0, warm));
  await contest.drain(warm);
  await producers.bulk(contest, payloads(warm, count));
  return seconds(() => contest.drain(count));
}

async function enqueueing(contest: Contest, produce: Producer, warm: number, count: number): Promise<number> {
  await produce(contest, payloads(0, warm));
  const jobs = payloads(warm, count);
  const passed = await seconds(() => produce(contest, jobs));
  // What was confirmed is there only if a worker gets it.
  await contest.drain(warm + count);
  return passed;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

type Producer = (contest: Contest, jobs: readonly Payload[]) => Promise<unknown>;

const producers: Record<Exclude<ContestName, "drain">, Producer> = {
  async "one at a time"(contest, jobs) {
    for (const job of jobs) await contest.enqueue(job);
  },
  "in flight"(contest, jobs) {
    const waiting = jobs.values();
    const producer = async () => {
      for (const job of waiting) await contest.enqueue(job);
    };
    return Promise.all(Array.from({ length: inFlight }, producer));
  },
  async bulk(contest, jobs) {
    for (let first = 0; first < jobs.length; first += perBulk) {
      await contest.enqueueMany(jobs.slice(first, first + perBulk));
    }
  },
};

function miscounted(delivered: Map<number, number>, count: number): string | null {
  const lost = Array.from({ length: count }, (_, index) => index).filter(
    (index) => !delivered.has(index),
  ).length;
  const repeated = delivered
    .values()
    .filter((times) => times > 1)
    .toArray().length;
  if (lost === 0 && repeated === 0) return null;
  return `of ${count} jobs ${lost} were lost and ${repeated} done more than once`;
}

if (import.meta.main) {
  const [file, name, measurement, jobs] = process.argv.slice(2);
  const { contestants } = (await import(join(import.meta.dir, file!))) as { contestants: Contestant[] };
  const contestant = contestants.find((one) => one.name === name)!;
  const measured = await measure(contestant, measurement as ContestName, Number(jobs)).catch(
    (error: unknown): Measured => ({ perSecond: null, problem: String(error) }),
  );
  console.log(`\n${JSON.stringify(measured)}`);
  process.exit();
}
