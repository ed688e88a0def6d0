/** Tasks that wait, as for a database or another program: how near a worker comes to doing nothing else. */
import type { Figure } from "../figures.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";
import { throughput } from "../nuvom/throughput.ts";
import { onEachStorage } from "../storages.ts";
import { sleeps } from "../tasks/sleeps.ts";

/** The jobs that run at a time: 1, 10 and 100. */
const workers = [
  { processes: 1, concurrency: 1 },
  { processes: 2, concurrency: 5 },
  { processes: 2, concurrency: 50 },
];

export const measure: Measure = ({ quick = false, jobs = quick ? 1_000 : 40_000 } = {}) =>
  onEachStorage(async ({ name, url }) => {
    const figures: Figure[] = [];
    for (const milliseconds of [1, 20]) {
      for (const worker of workers) {
        const { processes, concurrency } = worker;
        const ideal = (1_000 * processes * concurrency) / milliseconds;
        const count = Math.min(jobs, ideal * (quick ? 0.2 : 2));
        const storage = url(`io-${milliseconds}-${processes}-${concurrency}`);
        const perSecond = await throughput(
          storage,
          { task: sleeps, input: milliseconds, jobs: count },
          worker,
        );
        const measurement = `I/O/${milliseconds} ms, ${processes === 1 ? "1 process" : `${processes} processes`} of concurrency ${concurrency}`;
        figures.push(
          figure(measurement, name, "jobs/s", perSecond),
          figure(`${measurement}, of the ideal`, name, "%", (100 * perSecond) / ideal),
        );
      }
    }
    return figures;
  });

if (import.meta.main) await runAlone(measure);
