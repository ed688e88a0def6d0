/** The memory of a worker and of its processes after some jobs, and after many that have waited together. */
import { Nuvom } from "nuvom";
import type { Figure } from "../figures.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";
import { onEachStorage } from "../storages.ts";
import { startedAt } from "../tasks/clock.ts";
import { onLinuxOnly, usage } from "../usage.ts";
import { spawnWorker } from "../worker.ts";

const perCall = 5_000;

export const measure: Measure = ({ quick = false, jobs = quick ? 10_000 : 300_000 } = {}) =>
  onEachStorage(async ({ name, url }) => {
    await using nuvom = new Nuvom({ storage: url(), keep: 0 });
    await using worker = spawnWorker(url());
    const figures: Figure[] = [];
    let done = 0;
    for (const count of [jobs / 30, jobs / 3, jobs].map(Math.round)) {
      const memory = await memoryAfter(nuvom, worker.pid, count - done);
      done = count;
      for (const part of ["worker", "process"] as const) {
        const what = part === "worker" ? part : "largest process";
        const measurement = `memory/${what}, after ${count.toLocaleString("en")} jobs`;
        figures.push(figure(measurement, name, "MiB", memory?.[part] ?? onLinuxOnly));
      }
    }
    return figures;
  });

async function memoryAfter(nuvom: Nuvom, worker: number, count: number) {
  await nuvom.storage.pause("default", true);
  for (let left = count; left > 0; left -= perCall) {
    await nuvom.enqueueMany(startedAt, Array<undefined>(Math.min(left, perCall)).fill(undefined));
  }
  await nuvom.storage.pause("default", false);
  for (let open = count; open > 0; ) {
    await Bun.sleep(20);
    const counts = await nuvom.storage.counts();
    open = counts.reduce((sum, { pending, running }) => sum + pending + running, 0);
  }
  return usage(worker);
}

if (import.meta.main) await runAlone(measure);
