import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { Nuvom, StorageError, startWorker, type WorkerEvent } from "../../src/index.ts";
import { journal } from "../fixtures/tasks/basic.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checkResults, every, executions } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { fixtures } from "../support/worker.ts";

/** A worker and a producer on the SQLite file of this path, and a record of what was confirmed. */
export async function plant(path: string, inputBytes = 1_000) {
  const folder = temporaryFolder();
  const file = folder.file("journal");
  const nuvom = new Nuvom({ storage: `sqlite:${path}` });
  const events: (WorkerEvent & { at: number })[] = [];
  const worker = await startWorker({
    storage: `sqlite:${path}`,
    root: fixtures,
    processes: 1,
    onEvent: (event) => events.push({ ...event, at: performance.now() }),
  });
  const confirmed = new Set<string>();
  let value = 0;

  const storageErrors = () =>
    events.flatMap((event) => (event.type === "storage-error" ? [event.error] : []));
  return {
    nuvom,
    worker,
    confirmed,
    events,
    storageErrors,
    /** Tries to enqueue jobs at once, and returns why some were not. */
    async produce(count: number): Promise<StorageError[]> {
      const inputs = Array.from({ length: count }, () => ({
        file,
        value: value++,
        padding: "x".repeat(inputBytes),
      }));
      const results = await Promise.allSettled(inputs.map((input) => nuvom.enqueue(journal, input)));
      return results.flatMap((result) => {
        if (result.status === "rejected") return [result.reason];
        confirmed.add(result.value.id);
        return [];
      });
    },
    /** Resolves when the worker has reported an error of the storage since `after`. */
    failsAfter: (after: number) =>
      until(async () => events.some(({ type, at }) => type === "storage-error" && at > after)),
    /** Waits until every confirmed job has ended and checks that none was lost or settled twice. */
    async check(): Promise<void> {
      await until(async () =>
        (await nuvom.storage.states([...confirmed])).every((state) => state === "succeeded"),
      );
      const jobs = await every(nuvom.storage);
      checkResults(jobs);
      expect(confirmed.difference(new Set(jobs.map(({ id }) => id))).size).toBe(0);
      expect(confirmed.difference(new Set(executions(file))).size).toBe(0);
      const settled = events.flatMap((event) => (event.type === "succeeded" ? [event.id] : []));
      expect(new Set(settled).size).toBe(settled.length);
      for (const error of storageErrors()) expect(error).toBeInstanceOf(StorageError);
      checkIntegrity(path);
    },
    async [Symbol.asyncDispose]() {
      await worker.stop({ grace: 0 });
      await nuvom.close();
      folder[Symbol.dispose]();
    },
  };
}

export function checkIntegrity(path: string): void {
  using database = new Database(path);
  expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
}
