import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { Nuvom, StorageError, startWorker, task, type WorkerEvent } from "../../src/index.ts";
import { temporaryProject } from "../support/project.ts";

/** A worker on a project's own sources, and a client on its storage. */
async function workerIn(project: Awaited<ReturnType<typeof temporaryProject>>) {
  const storage = `sqlite:${project.file("jobs.db")}`;
  const events: WorkerEvent[] = [];
  const worker = await startWorker({
    storage,
    root: project.path,
    processes: 1,
    onEvent: (event) => events.push(event),
  });
  const nuvom = new Nuvom({ storage });
  return {
    nuvom,
    events,
    async [Symbol.asyncDispose]() {
      await worker.stop({ grace: 0 });
      await nuvom.close();
    },
  };
}

test("a file that could not be imported is tried again, in another process", async () => {
  using project = await temporaryProject({
    "task.ts": `import { existsSync } from "node:fs";
      import { task } from "nuvom";
      if (!existsSync(import.meta.dir + "/database")) throw new Error("the database is down");
      export default task("needs.database", () => "there it is");`,
  });
  await using bench = await workerIn(project);
  const needy = task("needs.database", { retry: { attempts: 2, base: 1 }, run: () => "" });
  const early = await bench.nuvom.enqueue(needy, undefined);
  expect(early.result()).rejects.toThrow("the database is down");
  await early.result().catch(() => {});
  writeFileSync(project.file("database"), "");
  expect(await (await bench.nuvom.enqueue(needy, undefined)).result()).toBe("there it is");
});

test("a task's file that starts a worker is refused instead of starting workers without end", async () => {
  using project = await temporaryProject({
    "app.ts": `import { startWorker, task } from "nuvom";
      export const hello = task("hello", () => "hello");
      await startWorker({ storage: "memory:" });`,
  });
  await using bench = await workerIn(project);
  const hello = task("hello", { retry: { attempts: 1 }, run: () => "" });
  expect((await bench.nuvom.enqueue(hello, undefined)).result({ timeout: "5s" })).rejects.toThrow(
    "start the worker in a file",
  );
});

test("a project's folder may have an unusual name", async () => {
  using project = await temporaryProject({
    "a#b %41/task.ts": 'import { task } from "nuvom"; task("odd", () => "found");',
  });
  await using bench = await workerIn(project);
  expect(
    await (
      await bench.nuvom.enqueue(
        task("odd", () => ""),
        undefined,
      )
    ).result(),
  ).toBe("found");
});

test("a job is not confirmed into a database file that was deleted", async () => {
  using project = await temporaryProject();
  const nuvom = new Nuvom({ storage: `sqlite:${project.file("jobs.db")}` });
  const add = task("add", () => 1);
  const first = await nuvom.enqueue(add, undefined);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(project.file(`jobs.db${suffix}`));
  expect(first.result()).rejects.toThrow("deleted or replaced");
  const error = await nuvom.enqueue(add, undefined).catch((error) => error);
  expect(error).toBeInstanceOf(StorageError);
  expect(error.message).toContain("deleted or replaced");
  await nuvom.close();
});
