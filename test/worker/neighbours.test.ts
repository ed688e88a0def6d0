import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import * as tasks from "../fixtures/tasks/basic.ts";
import { failureOf } from "../support/failure.ts";
import { until } from "../support/until.ts";
import { workbench } from "../support/worker.ts";

describe("a job whose process dies", () => {
  test("is run again alone, without a lost attempt", async () => {
    await using bench = await workbench();
    await (await bench.nuvom.enqueue(tasks.add, { x: 1, y: 1 })).result();
    const job = await bench.nuvom.enqueue(tasks.exits, { once: bench.folder.file("once") });
    expect(await job.result()).toBe("survived");
    expect(await job.get()).toMatchObject({ attempt: 1, crashes: 1, claims: 2, errors: null });
  });

  test("each time fails with how the process ended", async () => {
    await using bench = await workbench();
    const { job, errors } = await failureOf(bench, tasks.exits, {});
    expect(job).toMatchObject({ state: "failed", attempt: 2 });
    expect(errors).toMatchObject(
      [1, 2].map((attempt) => ({ attempt, message: "the job's process died: exit code 3" })),
    );
  });

  test("of something that nobody caught says of what", async () => {
    await using bench = await workbench();
    const { errors } = await failureOf(bench, tasks.forgets);
    expect(errors[0]!.message).toBe("the job's process died: exit code 1, of TypeError: nobody awaits this");
    expect(errors[0]!.stack).toContain("basic.ts:");
  });

  test("does not harm the jobs beside it", async () => {
    await using bench = await workbench({ concurrency: 4 });
    const go = bench.folder.file("go");
    const started = [0, 1, 2].map((n) => bench.folder.file(`started${n}`));
    const waiting = await bench.nuvom.enqueueMany(
      tasks.waitFor,
      started.map((file) => ({ file: go, started: file })),
    );
    for (const file of started) await until(file);
    const bad = await bench.nuvom.enqueue(tasks.exits, { once: bench.folder.file("once") });
    expect(await bad.result()).toBe("survived");
    writeFileSync(go, "");
    for (const job of waiting) {
      expect(await job.result()).toBe("seen");
      expect(await job.get()).toMatchObject({ attempt: 1, crashes: 1 });
    }
  });
});

describe("a job beside one that blocks their process", () => {
  test("is not charged with the timeout that it could not keep", async () => {
    await using bench = await workbench({ concurrency: 2 });
    const blocker = await bench.nuvom.enqueue(tasks.busy, { milliseconds: 1_500 }, { attempts: 1 });
    const innocent = await bench.nuvom.enqueue(
      tasks.nap,
      { milliseconds: 20 },
      { timeout: "700ms", attempts: 1 },
    );
    await Promise.all([blocker.result(), innocent.result()]);
    for (const job of [blocker, innocent])
      expect(await job.get()).toMatchObject({ attempt: 1, errors: null });
  });

  test("is not charged although it obeyed, when it was told too late", async () => {
    await using bench = await workbench({ concurrency: 3, killGrace: "10s" });
    const blocker = await bench.nuvom.enqueue(tasks.busy, { milliseconds: 1_200 }, { attempts: 1 });
    const innocent = await bench.nuvom.enqueue(
      tasks.obedient,
      { milliseconds: 100 },
      { timeout: "500ms", attempts: 1 },
    );
    await Promise.all([blocker.result(), innocent.result()]);
    expect(await innocent.get()).toMatchObject({ attempt: 1, errors: null });
  });

  test("is not charged for what an earlier job left behind", async () => {
    await using bench = await workbench();
    await (await bench.nuvom.enqueue(tasks.lingers, { milliseconds: 3_000 })).result();
    const innocent = await bench.nuvom.enqueue(
      tasks.nap,
      { milliseconds: 100 },
      { timeout: "500ms", attempts: 1 },
    );
    await innocent.result();
    expect(await innocent.get()).toMatchObject({ attempt: 1, crashes: 1, errors: null });
  });

  test("executes once, be the results before it large or the block behind them long", async () => {
    await using bench = await workbench({ processes: 2 });
    const file = bench.folder.file("journal");
    const inputs = Array.from({ length: 200 }, (_, x) => ({ x, y: 0 }));
    await Promise.all((await bench.nuvom.enqueueMany(tasks.add, inputs)).map((job) => job.result()));
    const [large, long] = [
      { file, milliseconds: 0, bytes: 1_000_000 },
      { file, milliseconds: 1_600, bytes: 0 },
    ];
    const jobs = await bench.nuvom.enqueueMany(tasks.heavy, [
      large,
      large,
      long,
      long,
      large,
      large,
      long,
      long,
    ]);
    await Promise.all(jobs.map((job) => job.result()));
    expect(readFileSync(file, "utf8").trim().split("\n").toSorted()).toEqual(
      jobs.map(({ id }) => id).toSorted(),
    );
  }, 20_000);

  test("is charged with its own, if it was told to end and does not", async () => {
    await using bench = await workbench({ concurrency: 2 });
    const innocent = await bench.nuvom.enqueue(tasks.nap, { milliseconds: 500 }, { attempts: 1 });
    const job = await bench.nuvom.enqueue(
      tasks.nap,
      { milliseconds: 60_000 },
      { timeout: "100ms", attempts: 1 },
    );
    expect(job.result()).rejects.toThrow("was killed");
    await innocent.result();
    expect(await innocent.get()).toMatchObject({ attempt: 1, crashes: 0 });
  });

  test("goes to another process if it has not begun", async () => {
    await using bench = await workbench({ processes: 2 });
    const inputs = Array.from({ length: 200 }, (_, x) => ({ x, y: 0 }));
    await Promise.all((await bench.nuvom.enqueueMany(tasks.add, inputs)).map((job) => job.result()));
    const [blocker, short] = await Promise.all([
      // Longer than all else takes, and ended with the worker.
      bench.nuvom.enqueue(tasks.busy, { milliseconds: 4_000 }),
      bench.nuvom.enqueueMany(tasks.add, inputs),
    ]);
    await Promise.all(short.map((job) => job.result()));
    expect(await blocker.state()).toBe("running");
    expect(bench.events.filter(({ type }) => type === "refused")).toEqual([]);
  }, 20_000);
});
