import { join } from "node:path";
import { Nuvom, startWorker, type WorkerEvent, type WorkerOptions } from "../../src/index.ts";
import { temporaryFolder } from "./folder.ts";

export const fixtures = join(import.meta.dir, "../fixtures");

/** A client and a worker on a SQLite file of their own, with the events of the worker. */
export async function workbench(options: WorkerOptions = {}) {
  const folder = temporaryFolder();
  const storage = `sqlite:${folder.file("jobs.db")}`;
  const nuvom = new Nuvom({ storage });
  const events: WorkerEvent[] = [];
  const listeners = new Set<() => void>();
  const worker = await startWorker({
    storage,
    root: fixtures,
    processes: 1,
    killGrace: "50ms",
    ...options,
    onEvent(event) {
      events.push(event);
      for (const listener of listeners) listener();
    },
  });

  /** Resolves with the first event of the type, and of the job if one is named, be it past or to come. */
  function event<Type extends WorkerEvent["type"]>(
    type: Type,
    job?: string,
  ): Promise<Extract<WorkerEvent, { type: Type }>> {
    return new Promise((resolve) => {
      const look = () => {
        const found = events.find((candidate) => {
          return candidate.type === type && (!job || ("id" in candidate && candidate.id === job));
        });
        if (found) resolve(found as Extract<WorkerEvent, { type: Type }>);
        return found;
      };
      if (!look()) listeners.add(look);
    });
  }

  return {
    folder,
    storage,
    nuvom,
    worker,
    events,
    event,
    async [Symbol.asyncDispose]() {
      await worker.stop({ grace: 0 });
      await nuvom.close();
      folder[Symbol.dispose]();
    },
  };
}
