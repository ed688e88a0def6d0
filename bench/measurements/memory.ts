/** The memory of a worker and of its processes after some jobs, and after many that have waited in one backlog. */
import { Nuvom } from "nuvom";
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
    const some = Math.min(10_000, jobs / 10);
    const few = await memoryAfter(nuvom, worker.pid, some);
    const many = await memoryAfter(nuvom, worker.pid, jobs - some);
    return (["worker", "process"] as const).flatMap((part) =>
      [
        { count: some, memory: few },
        { count: jobs, memory: many },
      ].map(({ count, memory }) =>
        figure(
          `memory/${part === "worker" ? part : "largest process"}, after ${count.toLocaleString("en")} jobs`,
          name,
          "MB",
          memory?.[part] ?? onLinuxOnly,
        ),
      ),
    );
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
