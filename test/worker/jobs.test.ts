import { describe, expect, test } from "bun:test";
import { task } from "../../src/index.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { tellsItsTrace } from "../fixtures/tasks/context.ts";
import { greet } from "../fixtures/tasks/greet.ts";
import { failureOf } from "../support/failure.ts";
import { until } from "../support/until.ts";
import { workbench } from "../support/worker.ts";

describe("a job", () => {
  test("runs in another process and its result comes back as it was", async () => {
    await using bench = await workbench();
    const value = {
      when: new Date(5),
      many: new Map([[1n, new Set(["a"])]]),
      nothing: undefined,
      raw: new Uint8Array([0, 255]),
    };
    const job = await bench.nuvom.enqueue(tasks.echo, value);
    expect(await job.result()).toStrictEqual(value);
    expect(await job.get()).toMatchObject({ state: "succeeded", attempt: 1, worker: bench.worker.id });
  });

  test("runs in the queue and with the priority of its task, parsed again by its schema", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(greet, { name: "Ada", at: new Date("1843-09-01") });
    expect(await job.result()).toBe("Hello, Ada on 1843!");
    expect(await job.get()).toMatchObject({ queue: "greetings", priority: "high" });
  });

  test("knows the trace that it belongs to", async () => {
    await using bench = await workbench();
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const traced = await bench.nuvom.enqueue(tellsItsTrace, undefined, { traceparent });
    expect(await traced.result()).toBe(traceparent);
    expect(await (await bench.nuvom.enqueue(tellsItsTrace, undefined)).result()).toBeNull();
  });

  test("that is scheduled runs when it is due, not before", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(tasks.add, { x: 1, y: 2 }, { in: "150ms" });
    await job.result();
    const { runAt, startedAt } = await job.get();
    expect(startedAt!).toBeGreaterThanOrEqual(runAt);
  });

  test("can enqueue another", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(tasks.parent, 41);
    expect(await bench.nuvom.job(await job.result()).result()).toBe(42);
  });

  test("logs through its worker", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(tasks.talks, undefined);
    await job.result();
    const lines = bench.events.filter(({ type }) => type === "log");
    expect(lines).toEqual(
      ["said {", "  so: true,", "}"].map((text) => ({ type: "log", id: job.id, task: "talks", text })),
    );
  });
});

describe("a job that throws", () => {
  test("is retried until it succeeds, and remembers what failed", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(tasks.flaky, undefined);
    expect(await job.result()).toBe(3);
    expect(bench.events.filter(({ type }) => type === "retry")).toHaveLength(2);
  });

  test("fails when its attempts are used up, with the error of each", async () => {
    await using bench = await workbench();
    const { job, errors } = await failureOf(bench, tasks.broken);
    expect(job).toMatchObject({ state: "failed", attempt: 2, maxAttempts: 2 });
    expect(errors).toMatchObject(
      [1, 2].map((attempt) => ({ attempt, name: "RangeError", message: "[/x] %s \u001b[31mred" })),
    );
    expect(errors[0]!.stack).toContain("basic.ts:");
  });

  test("is not retried if that has no point", async () => {
    await using bench = await workbench();
    const { job, errors } = await failureOf(bench, tasks.refuses);
    expect(job.attempt).toBe(1);
    expect(errors).toMatchObject([{ name: "NonRetryableError", message: "there is no point" }]);
  });

  test("fails at once if its result cannot be stored", async () => {
    await using bench = await workbench();
    const { job, errors } = await failureOf(bench, tasks.unstorable);
    expect(job.attempt).toBe(1);
    expect(errors[0]!.message).toContain("result.callback");
  });

  test("with something that must not be touched fails like any other", async () => {
    await using bench = await workbench();
    const { job, errors } = await failureOf(bench, tasks.throwsTrap);
    expect(job).toMatchObject({ attempt: 1, crashes: 0 });
    expect(errors[0]!.name).toBe("Thrown");
  });

  test("because its file cannot be imported fails alone", async () => {
    await using bench = await workbench();
    const unloadable = task("unloadable", { retry: { attempts: 1 }, run: () => "never" });
    const good = await bench.nuvom.enqueue(tasks.add, { x: 1, y: 1 });
    const { errors } = await failureOf(bench, unloadable);
    expect(errors[0]!.message).toContain("this file breaks when it is imported");
    expect(await good.result()).toBe(2);
  });
});

describe("a job that must end", () => {
  test("is killed if it blocks its process, and its slot works again", async () => {
    await using bench = await workbench();
    const { errors } = await failureOf(bench, tasks.hang);
    expect(errors).toMatchObject([{ name: "TimeoutError", attempt: 1 }]);
    expect(errors[0]!.message).toBe(
      "the job's timeout of 100ms is over; it did not end by itself and was killed",
    );
    expect(await (await bench.nuvom.enqueue(tasks.add, { x: 1, y: 1 })).result()).toBe(2);
  });

  test("ends by its signal if it listens", async () => {
    await using bench = await workbench({ killGrace: "1m" });
    const job = await bench.nuvom.enqueue(tasks.patient, undefined, { timeout: "20ms", attempts: 1 });
    expect(job.result()).rejects.toThrow("its signal ended it");
    expect(await job.result().catch(() => bench.events.some(({ type }) => type === "process-died"))).toBe(
      false,
    );
  });

  test("because it was cancelled ends as cancelled", async () => {
    await using bench = await workbench({ lease: "1s" });
    const job = await bench.nuvom.enqueue(tasks.waitFor, {
      file: bench.folder.file("never"),
      started: bench.folder.file("started"),
    });
    await until(bench.folder.file("started"));
    await bench.nuvom.storage.cancel([job.id], "a test needs it", Date.now());
    expect(job.result()).rejects.toThrow("was cancelled");
    await job.result().catch(() => {});
    expect(await job.state()).toBe("cancelled");
  });
});
