import { type Nuvom, startWorker, type WorkerOptions } from "nuvom";

const queue = "default";

/** A worker in this program, that runs jobs only while `drain` waits for them. */
export async function pausedWorker(nuvom: Nuvom, options: WorkerOptions) {
  let worker: Awaited<ReturnType<typeof startWorker>> | null = null;
  let left = 0;
  let done = Promise.withResolvers<void>();
  await nuvom.storage.pause(queue, true);
  return {
    /** Resolves when so many more jobs have succeeded and their results are stored. */
    async drain(count: number) {
      left = count;
      done = Promise.withResolvers();
      worker ??= await startWorker({
        ...options,
        onEvent(event) {
          if (event.type === "succeeded" && --left === 0) done.resolve();
          if (event.type === "failed" || event.type === "storage-error") done.reject(event.error);
        },
      });
      await nuvom.storage.pause(queue, false);
      await done.promise;
      await nuvom.storage.pause(queue, true);
    },
    async stop() {
      await worker?.stop();
    },
  };
}
