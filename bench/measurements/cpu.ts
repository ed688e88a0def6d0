/** Tasks that compute for some 5 ms, on one process and on two, and how near they come to as many bare loops. */
import { type Figure, median } from "../figures.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";
import { throughput } from "../nuvom/throughput.ts";
import { onEachStorage } from "../storages.ts";
import { compute, computes } from "../tasks/computes.ts";

const milliseconds = 5;

export const measure: Measure = ({ quick = false, jobs = quick ? 50 : 800 } = {}) =>
  onEachStorage(async ({ name, url }) => {
    const steps = Math.round((milliseconds * 1_000_000) / duration(1_000_000));
    const figures: Figure[] = [];
    for (const processes of [1, 2]) {
      const bare = 1_000 / duration(steps);
      const work = { task: computes, input: steps, jobs };
      const perSecond = await throughput(url(`cpu-${processes}`), work, { processes, concurrency: 1 });
      const measurement = `CPU/5 ms, ${processes === 1 ? "1 process" : `${processes} processes`}`;
      figures.push(
        figure(measurement, name, "jobs/s", perSecond),
        figure(`${measurement}, of bare loops`, name, "%", (100 * perSecond) / (processes * bare)),
      );
    }
    return figures;
  });

/** The milliseconds that so many steps take in this program, once they are compiled. */
function duration(steps: number): number {
  const times = Array.from({ length: 30 }, () => {
    const began = performance.now();
    compute(steps);
    return performance.now() - began;
  });
  return median(times.slice(10));
}

if (import.meta.main) await runAlone(measure);
