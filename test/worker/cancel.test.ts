import { describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { Nuvom, task } from "../../src/index.ts";
import { patient, waitFor } from "../fixtures/tasks/basic.ts";
import { deaf } from "../fixtures/tasks/context.ts";
import { until } from "../support/until.ts";
import { workbench } from "../support/worker.ts";

describe("a job is cancelled", () => {
  test("at once while it is pending, with the reason", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(patient, undefined, { in: "1h" });
    expect(await job.cancel("no longer needed")).toBe(true);
    expect(await job.get()).toMatchObject({
      state: "cancelled",
      attempt: 0,
      reason: "no longer needed",
    });
    expect(job.result()).rejects.toThrow("was cancelled: no longer needed");
    expect(await job.cancel("once more")).toBe(false);
  });

  test("by its signal while it runs, from another program, which is named unless it gives a reason", async () => {
    await using bench = await workbench({ lease: "1s", killGrace: "1m" });
    const job = await bench.nuvom.enqueue(patient, undefined);
    await until(async () => (await job.state()) === "running");
    await using elsewhere = new Nuvom({ storage: bench.storage });
    await elsewhere.job(job.id).cancel();
    await job.result().catch(() => {});
    const { state, errors, reason } = await job.get();
    expect({ state, errors }).toEqual({ state: "cancelled", errors: null });
    expect(reason).toBe(`by a program on ${hostname()} (process ${process.pid})`);
    expect(bench.events.filter(({ type }) => type === "process-died")).toEqual([]);
  });

  test("by the death of its process if it does not listen, and no other job is charged with that", async () => {
    await using bench = await workbench({ lease: "1s", killGrace: "50ms", concurrency: 2 });
    const [go, begun, started] = ["go", "begun", "started"].map((name) => bench.folder.file(name));
    const neighbour = await bench.nuvom.enqueue(waitFor, { file: go!, started: begun! });
    await until(begun!);
    const job = await bench.nuvom.enqueue(deaf, { started: started! });
    await until(started!);
    await job.cancel("it hangs");
    await until(async () => (await job.state()) === "cancelled");
    expect(await job.get()).toMatchObject({ reason: "it hangs", errors: null, attempt: 1 });
    await Bun.write(go!, "");
    await neighbour.result();
    expect(await neighbour.get()).toMatchObject({ attempt: 1, errors: null });
  });

  test("for the first reason that was given, whatever comes later", async () => {
    await using bench = await workbench({ lease: "1s" });
    const job = await bench.nuvom.enqueue(patient, undefined);
    await until(async () => (await job.state()) === "running");
    await job.cancel("the first");
    await job.cancel("the second");
    await job.result().catch(() => {});
    expect((await job.get()).reason).toBe("the first");
  });
});

test("a job that ends before it hears that it was cancelled has ended as it did", async () => {
  await using bench = await workbench();
  const [go, started] = [bench.folder.file("go"), bench.folder.file("started")];
  const job = await bench.nuvom.enqueue(waitFor, { file: go, started });
  await until(started);
  expect(await job.cancel("too late")).toBe(true);
  await Bun.write(go, "");
  expect(await job.result()).toBe("seen");
  expect((await job.get()).reason).toBeNull();
});

test("the time of a job begins when the file of its task has been imported", async () => {
  await using bench = await workbench();
  const brief = task("brief", { timeout: "300ms", retry: { attempts: 1 }, run: () => "in time" });
  const job = await bench.nuvom.enqueue(brief, undefined);
  expect(await job.result()).toBe("in time");
  const { startedAt, finishedAt } = await job.get();
  expect(finishedAt! - startedAt!).toBeLessThan(600);
});
