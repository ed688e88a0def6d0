import { Nuvom, type Task } from "nuvom";
import { tasksFolder } from "../worker.ts";
import { pausedWorker } from "./drain.ts";

const perInsert = 5_000;
/** How much of the work is done beforehand, so that the processes have started and code is compiled. */
const warmUp = 0.2;

/** How many jobs a second a worker on an empty storage does, each with the same input; results are stored. */
export async function throughput<Input>(
  storage: string,
  work: { task: Task<Input, unknown>; input: Input; jobs: number },
  options: { processes: number; concurrency: number },
): Promise<number> {
  await using nuvom = new Nuvom({ storage, keep: "forever" });
  const worker = await pausedWorker(nuvom, { root: tasksFolder, storage, ...options });
  const enqueued = async (count: number) => {
    for (let left = count; left > 0; left -= perInsert) {
      await nuvom.enqueueMany(work.task, Array<Input>(Math.min(left, perInsert)).fill(work.input));
    }
    return count;
  };
  try {
    await worker.drain(await enqueued(Math.ceil(work.jobs * warmUp)));
    await enqueued(work.jobs);
    const began = performance.now();
    await worker.drain(work.jobs);
    return (1_000 * work.jobs) / (performance.now() - began);
  } finally {
    await worker.stop();
  }
}
