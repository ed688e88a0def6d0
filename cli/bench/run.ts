import { type ContestName, payloads } from "./contest.ts";
import { type Measured, measure, miscounted, warmUpFor } from "./measure.ts";
import { type NuvomContest, openNuvom } from "./nuvom.ts";
import type { Trial } from "./trial.ts";

/** How soon a worker that has nothing to do starts a job, in milliseconds from the call that enqueues it. */
export type Started = { p50: number; p99: number; problem: null } | { p50: null; p99: null; problem: string };

type Throughput = Measured & { jobs: number };

export interface BenchFigures {
  enqueue: { oneAfterTheOther: Throughput; inFlight: Throughput; bulk: Throughput };
  /** Jobs that do nothing, in isolated processes, until each result is stored. */
  run: Throughput;
  start: Started & { jobs: number };
}

export type Measurement = keyof BenchFigures["enqueue"] | "run" | "start";

/** Called with each figure as soon as it is there. */
export type Tell = (name: Measurement, figure: Throughput | BenchFigures["start"]) => void;

/** Of so many jobs that are enqueued together: alone, each takes longer. */
const shareOneAtATime = 1 / 20;
const shareStarted = 1 / 100;

/**
 * Measures everything, each on an empty storage. What is left of them when it throws is the caller's to remove.
 * @param options.interrupted rejects when it is to stop.
 */
export async function runBench(
  trial: Trial,
  options: { jobs: number; processes: number; interrupted: Promise<never>; tell: Tell },
): Promise<BenchFigures> {
  const { jobs, processes, interrupted, tell } = options;

  async function alone<T>(work: (contest: NuvomContest) => Promise<T>): Promise<T> {
    const contest = await openNuvom(trial.open(), processes);
    let result: T;
    try {
      result = await Promise.race([work(contest), interrupted]);
    } finally {
      await contest.close();
    }
    // At once, so that no more space is taken than for one.
    await trial.remove();
    return result;
  }

  async function throughput(name: Measurement, contest: ContestName, count = jobs): Promise<Throughput> {
    const figure = { jobs: count, ...(await alone((nuvom) => measure(nuvom, contest, count))) };
    tell(name, figure);
    return figure;
  }

  const enqueue = {
    oneAfterTheOther: await throughput(
      "oneAfterTheOther",
      "one at a time",
      Math.ceil(jobs * shareOneAtATime),
    ),
    inFlight: await throughput("inFlight", "in flight"),
    bulk: await throughput("bulk", "bulk"),
  };
  const run = await throughput("run", "drain");
  const count = Math.ceil(jobs * shareStarted);
  const start = { jobs: count, ...(await alone((contest) => started(contest, count))) };
  tell("start", start);
  return { enqueue, run, start };
}

async function started(contest: NuvomContest, count: number): Promise<Started> {
  const warm = warmUpFor(count);
  await contest.startEach(payloads(0, warm));
  const durations = await contest.startEach(payloads(warm, count));
  const problem = miscounted(await contest.delivered(), warm + count);
  if (problem !== null) return { p50: null, p99: null, problem };
  return { p50: percentile(durations, 50), p99: percentile(durations, 99), problem };
}

/** The least of the values that so many of a hundred do not exceed. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1]!;
}
