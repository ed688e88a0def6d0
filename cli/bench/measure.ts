import { type Contest, type ContestName, type Payload, payloads } from "./contest.ts";

export type Measured = { perSecond: number; problem: null } | { perSecond: null; problem: string };

const inFlight = 200;
const perBulk = 1_000;
/** How much of the work is done beforehand, so that code is compiled and connections are open. */
const warmUp = 0.2;

/** How many jobs are to come before so many that are measured. */
export function warmUpFor(count: number): number {
  return Math.ceil(count * warmUp);
}

/** Measures with `count` jobs, on an empty storage. */
export async function measure(contest: Contest, name: ContestName, count: number): Promise<Measured> {
  const warm = warmUpFor(count);
  const seconds =
    name === "drain"
      ? await draining(contest, warm, count)
      : await enqueueing(contest, producers[name], warm, count);
  const problem = miscounted(await contest.delivered(), warm + count);
  return problem === null ? { perSecond: count / seconds, problem } : { perSecond: null, problem };
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

/** What is wrong with how often jobs 0 to `count` - 1 were delivered, `null` if each was once. */
export function miscounted(delivered: Map<number, number>, count: number): string | null {
  const lost = Array.from({ length: count }, (_, index) => index).filter(
    (index) => !delivered.has(index),
  ).length;
  const repeated = delivered
    .values()
    .filter((times) => times > 1)
    .toArray().length;
  if (lost === 0 && repeated === 0) return null;
  return `of ${count.toLocaleString("en")} jobs ${were(lost)} lost and ${were(repeated)} done more than once`;
}

function were(count: number): string {
  return `${count.toLocaleString("en")} ${count === 1 ? "was" : "were"}`;
}
