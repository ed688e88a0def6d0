import { Nuvom, type RunningWorker, startWorker, type Task } from "nuvom";
import { problemOf } from "../../cli/bench/nuvom.ts";
import { tasksFolder } from "../worker.ts";

const queue = "default";
const perInsert = 5_000;
/** How much of the work is done beforehand, so that the processes have started and code is compiled. */
const warmUp = 0.2;

interface Work<Input> {
  task: Task<Input, unknown>;
  /** That of every job. */
  input: Input;
  jobs: number;
}

/** How many jobs a second a worker on an empty storage does; each result is stored and kept. */
export async function throughput<Input>(
  storage: string,
  { task, input, jobs }: Work<Input>,
  options: { processes: number; concurrency: number },
): Promise<number> {
  await using nuvom = new Nuvom({ storage, keep: "forever" });
  let left = 0;
  let done = Promise.withResolvers<void>();
  let worker: RunningWorker | null = null;
  const start = () =>
    startWorker({
      ...options,
      root: tasksFolder,
      storage,
      onEvent(event) {
        if (event.type === "succeeded" && --left === 0) done.resolve();
        const problem = problemOf(event);
        if (problem) done.reject(problem);
      },
    });

  /** The milliseconds from when the first may begin to when the last result is stored. */
  async function worked(count: number): Promise<number> {
    await nuvom.storage.pause(queue, true);
    for (let added = 0; added < count; added += perInsert) {
      await nuvom.enqueueMany(task, Array<Input>(Math.min(perInsert, count - added)).fill(input));
    }
    left = count;
    done = Promise.withResolvers();
    worker ??= await start();
    const began = performance.now();
    await nuvom.storage.pause(queue, false);
    await done.promise;
    return performance.now() - began;
  }

  try {
    await worked(Math.ceil(jobs * warmUp));
    return (1_000 * jobs) / (await worked(jobs));
  } finally {
    await (worker as RunningWorker | null)?.stop();
  }
}
