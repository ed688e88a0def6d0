/** How long after the death of a process another job begins in its place, in a worker that has one process. */
import { Nuvom, startWorker } from "nuvom";
import { temporaryFolder } from "../../test/support/folder.ts";
import { median } from "../figures.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";
import { startedAt } from "../tasks/clock.ts";
import { exits } from "../tasks/exits.ts";
import { preciseNow, tasksFolder } from "../worker.ts";

/** @param jobs how many of them end their process. */
export const measure: Measure = async ({ quick = false, jobs: deaths = quick ? 2 : 10 } = {}) => {
  using folder = temporaryFolder();
  const storage = `sqlite:${folder.file("jobs.db")}`;
  await using nuvom = new Nuvom({ storage });
  let diedAt: number | null = null;
  const worker = await startWorker({
    storage,
    root: tasksFolder,
    processes: 1,
    onEvent(event) {
      if (event.type === "process-died") diedAt ??= preciseNow();
    },
  });
  await (await nuvom.enqueue(startedAt, undefined)).result();

  const pauses: number[] = [];
  for (let death = 0; death < deaths; death++) {
    diedAt = null;
    const [bad, next] = [await nuvom.enqueue(exits, undefined), await nuvom.enqueue(startedAt, undefined)];
    pauses.push((await next.result()) - diedAt!);
    await bad.result().catch(() => {});
    // By then a spare process has started, as it has unless they die one right after the other.
    await Bun.sleep(1_500);
  }
  await worker.stop();
  const [first, ...others] = pauses;
  return [
    figure("recovery/first death of a process to next start", "Nuvom on SQLite", "ms", first!),
    ...(others.length > 0
      ? [figure("recovery/later death of a process to next start", "Nuvom on SQLite", "ms", median(others))]
      : []),
  ];
};

if (import.meta.main) await runAlone(measure);
