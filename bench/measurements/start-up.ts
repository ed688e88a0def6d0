/** How soon a worker of a small project that is started runs a job that has waited for it. */
import { Nuvom } from "nuvom";
import { median } from "../figures.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";
import { onEachStorage } from "../storages.ts";
import { startedAt } from "../tasks/clock.ts";
import { preciseNow, spawnWorker } from "../worker.ts";

export const measure: Measure = ({ quick = false } = {}) =>
  onEachStorage(async ({ name, url }) => {
    await using nuvom = new Nuvom({ storage: url() });
    const times: number[] = [];
    for (let start = 0; start < (quick ? 1 : 10); start++) {
      const job = await nuvom.enqueue(startedAt, undefined);
      const began = preciseNow();
      await using _worker = spawnWorker(url());
      times.push((await job.result()) - began);
    }
    return [figure("start-up/to the first job", name, "ms", median(times))];
  });

if (import.meta.main) await runAlone(measure);
