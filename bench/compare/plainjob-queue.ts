import { Database } from "bun:sqlite";
import { bun, defineQueue, defineWorker, type Job, type Logger, type Queue } from "plainjob";
import type { Payload } from "../contestant.ts";
import type { Progress } from "./progress.ts";

export const type = "bench";

/** It logs every job in debug, and every stop in info. */
const logger: Logger = { debug() {}, info() {}, warn: console.warn, error: console.error };

export function openQueue(path: string) {
  const database = new Database(path, { strict: true });
  return { database, queue: defineQueue({ connection: bun(database), logger }) };
}

export const payloadOf = ({ data }: Pick<Job, "data">): Payload => JSON.parse(data);

/** Starts a worker, a new one each time: one that was stopped does not sleep any more, so nothing else gets a turn. */
export function startWorker(queue: Queue, { deliver, stored, fail }: Omit<Progress, "drain" | "delivered">) {
  const worker = defineWorker(type, (job) => void deliver(payloadOf(job)), {
    queue,
    logger,
    onCompleted: () => stored(),
    onFailed: (_, error) => fail(error),
  });
  const ended = worker.start();
  ended.catch(fail);
  return {
    async stop() {
      await worker.stop();
      await ended;
    },
  };
}
