import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jobErrors } from "../../src/handle.ts";
import {
  type Job,
  type JobError,
  type JobHandle,
  Nuvom,
  startWorker,
  type Task,
  type WorkerEvent,
} from "../../src/index.ts";
import { isFinal } from "../../src/job.ts";
import { temporaryFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";
import { neighbour, probe } from "./tasks/innocent.ts";

/** What became of a job that did something, and of those beside it. Times in milliseconds. */
export interface Observation {
  job: Job;
  errors: JobError[];
  neighbours: Job[];
  /** From when the job was added until it had ended, with its second chance. */
  ended: number;
  /** From the death of its process, or else from its end, until another job ran in that place. */
  slot: number;
}

/**
 * A worker with two processes, each for two jobs at a time. In each case three jobs that do no harm take three of the four
 * places, so that the guilty one runs beside one of them, and a fourth waits for a place to become free.
 */
export async function processBench(storageIn: (folder: string) => string) {
  const folder = temporaryFolder();
  const storage = storageIn(folder.path);
  const nuvom = new Nuvom({ storage });
  const events: { event: WorkerEvent; at: number }[] = [];
  const worker = await startWorker({
    storage,
    root: join(import.meta.dir, "tasks"),
    processes: 2,
    concurrency: 2,
    killGrace: "100ms",
    importLimit: "1s",
    maxMemory: "256mb",
    lease: "3s",
    onEvent: (event) => events.push({ event, at: Date.now() }),
  });
  let cases = 0;

  /** @param kills whether a process must have died of it before the others may end. */
  async function observe(task: Task<never, unknown>, kills: boolean, input?: unknown): Promise<Observation> {
    const number = ++cases;
    const go = folder.file(`go${number}`);
    const begun = [1, 2, 3].map((place) => folder.file(`begun${number}.${place}`));
    const beside: JobHandle<unknown>[] = [];
    for (const file of begun) {
      beside.push(await nuvom.enqueue(neighbour, { begun: file, go }));
      await until(file);
    }
    const from = Date.now();
    const handle = await nuvom.enqueue(task, input as never);
    const next = await nuvom.enqueue(probe, undefined);
    const isOver = async () => {
      const { state, parked } = await handle.get();
      return isFinal(state) || parked !== null;
    };
    await until(isOver);
    const ended = Date.now() - from;
    const ranAt = await next.result();
    const death = () => events.find(({ event, at }) => event.type === "process-died" && at >= from);
    await until(async () => !kills || death() !== undefined);
    writeFileSync(go, "");
    await until(async () => (await Promise.all(beside.map((job) => job.state()))).every(isFinal));
    const job = await handle.get();
    const end = death();
    const freeAt = end && end.at <= ranAt ? end.at : (job.finishedAt ?? ranAt);
    const neighbours = await Promise.all(beside.map((job) => job.get()));
    return { job, errors: jobErrors(job), neighbours, ended, slot: Math.max(0, ranAt - freeAt) };
  }

  return {
    folder,
    nuvom,
    events,
    observe,
    async [Symbol.asyncDispose]() {
      await worker.stop({ grace: 0 });
      await nuvom.close();
      folder[Symbol.dispose]();
    },
  };
}
