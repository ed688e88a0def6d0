import { describe, expect, test } from "bun:test";
import { task, type WorkerEvent } from "../../src/index.ts";
import { waitFor } from "../fixtures/tasks/basic.ts";
import * as tasks from "../fixtures/tasks/context.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryProject } from "../support/project.ts";
import { until } from "../support/until.ts";
import { workbench } from "../support/worker.ts";

const nothing = Array.from({ length: 6 }, () => undefined);

async function placesOf(bench: Awaited<ReturnType<typeof workbench>>, task: typeof tasks.sharedPlace) {
  const jobs = await bench.nuvom.enqueueMany(task, nothing);
  return Promise.all(jobs.map((job) => job.result()));
}

function died(events: readonly WorkerEvent[]): number {
  return events.filter(({ type }) => type === "process-died").length;
}

describe("a task is run", () => {
  test("in a process that runs others before and after, unless it says otherwise", async () => {
    await using bench = await workbench();
    const places = await placesOf(bench, tasks.sharedPlace);
    expect(new Set(places.map(({ pid }) => pid)).size).toBe(1);
    expect(places.map(({ runs }) => runs)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(places[0]!.pid).not.toBe(process.pid);
  });

  test('in a fresh process for each job, if its isolation is "job"', async () => {
    await using bench = await workbench();
    await placesOf(bench, tasks.sharedPlace);
    const places = await placesOf(bench, tasks.ownPlace);
    expect(new Set(places.map(({ pid }) => pid)).size).toBe(6);
    expect(places.map(({ runs }) => runs)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test("there in the order of the line, without being given back, as many at a time as there are places", async () => {
    await using bench = await workbench();
    const jobs = await bench.nuvom.enqueueMany(tasks.ownNap, nothing.slice(0, 3));
    await Promise.all(jobs.map((job) => job.result()));
    const ended = await Promise.all(jobs.map((job) => job.get()));
    expect(ended.map(({ claims }) => claims)).toEqual([1, 1, 1]);
    const starts = ended.map(({ startedAt }) => startedAt!);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    for (const [index, start] of starts.slice(1).entries()) {
      expect(start).toBeGreaterThanOrEqual(ended[index]!.startedAt! + 1_000);
    }
  });

  test('in the process of the worker, if its isolation is "none"', async () => {
    await using bench = await workbench();
    const places = await placesOf(bench, tasks.workersPlace);
    expect(new Set(places.map(({ pid }) => pid))).toEqual(new Set([process.pid]));
  });

  test("there with a timeout, after which it is left alone", async () => {
    await using bench = await workbench();
    const { errors } = await failureOf(bench, tasks.workersPlaceForever);
    expect(errors).toMatchObject([{ name: "TimeoutError", pid: process.pid }]);
    expect((await placesOf(bench, tasks.workersPlace)).length).toBe(6);
  });
});

describe("a process is replaced between two jobs", () => {
  test("after so many jobs", async () => {
    await using bench = await workbench({ recycle: { jobs: 2 } });
    const places = await placesOf(bench, tasks.sharedPlace);
    expect(new Set(places.map(({ pid }) => pid)).size).toBeGreaterThanOrEqual(3);
    expect(Math.max(...places.map(({ runs }) => runs))).toBeLessThanOrEqual(2);
    expect(died(bench.events)).toBe(0);
  });

  test("after some time", async () => {
    await using bench = await workbench({ recycle: { age: "100ms" } });
    const first = await (await bench.nuvom.enqueue(tasks.sharedPlace, undefined)).result();
    await Bun.sleep(100);
    // This one is its last.
    await (await bench.nuvom.enqueue(tasks.sharedPlace, undefined)).result();
    const third = await (await bench.nuvom.enqueue(tasks.sharedPlace, undefined)).result();
    expect(third.pid).not.toBe(first.pid);
  });

  test("but not before the jobs that it still runs have ended", async () => {
    await using bench = await workbench({ concurrency: 2, recycle: { age: "100ms" } });
    const [go, started] = [bench.folder.file("go"), bench.folder.file("started")];
    const long = await bench.nuvom.enqueue(waitFor, { file: go, started });
    await until(started);
    await Bun.sleep(100);
    const before = await (await bench.nuvom.enqueue(tasks.sharedPlace, undefined)).result();
    const after = await (await bench.nuvom.enqueue(tasks.sharedPlace, undefined)).result();
    expect(after.pid).not.toBe(before.pid);
    await Bun.write(go, "");
    expect(await long.result()).toBe("seen");
    expect(await long.get()).toMatchObject({ claims: 1, crashes: 0 });
  });

  test("when it uses too much memory", async () => {
    await using bench = await workbench({ recycle: { memory: "200mb" } });
    const first = await (await bench.nuvom.enqueue(tasks.grows, 250)).result();
    let pid = first;
    while (pid === first) pid = await (await bench.nuvom.enqueue(tasks.grows, 1)).result();
    const jobs = await bench.nuvom.storage.list({}, { limit: 1_000 });
    expect(
      jobs.every(({ state, attempt, crashes }) => state === "succeeded" && attempt + crashes === 1),
    ).toBe(true);
  });
});

test("a task that runs in the worker's own process is that of its file, whatever the program has defined by its name", async () => {
  using project = await temporaryProject({
    "own.ts": `import { task } from "nuvom"; export const own = task("test.own", { isolation: "none", run: () => "file" });`,
  });
  await using bench = await workbench({ root: project.path });
  const stand = task("test.own", (_: undefined): string => "program");
  expect(await (await bench.nuvom.enqueue(stand, undefined)).result()).toBe("file");
});
