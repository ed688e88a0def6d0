import { describe, expect, spyOn, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import {
  JobFailedError,
  Nuvom,
  openStorage,
  type Storage,
  startWorker,
  type Task,
  task,
} from "../../src/index.ts";
import { aWorker } from "../../src/testing/builders.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { temporaryFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";
import { fixtures, workbench } from "../support/worker.ts";

type Bench = Awaited<ReturnType<typeof workbench>>;

/** Runs a job that must fail, and returns how it ended. */
async function failureOf({ nuvom }: Bench, task: Task<never, unknown>, input?: unknown) {
  const handle = await nuvom.enqueue(task, input as never);
  const error = await handle.result().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(JobFailedError);
  return { job: await handle.get(), errors: (error as JobFailedError).errors };
}

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
    const job = await bench.nuvom.enqueue(tasks.greet, { name: "Ada", at: new Date("1843-09-01") });
    expect(await job.result()).toBe("Hello, Ada on 1843!");
    expect(await job.get()).toMatchObject({ queue: "greetings", priority: "high" });
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
    expect(await bench.event("log")).toEqual({
      type: "log",
      id: job.id,
      task: "talks",
      text: "said {\n  so: true,\n}",
    });
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
    await bench.nuvom.storage.cancel([job.id], Date.now());
    expect(job.result()).rejects.toThrow("was cancelled");
    await job.result().catch(() => {});
    expect(await job.state()).toBe("cancelled");
  });
});

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
      bench.nuvom.enqueue(tasks.busy, { milliseconds: 4_000 }),
      bench.nuvom.enqueueMany(tasks.add, inputs),
    ]);
    await Promise.all(short.map((job) => job.result()));
    expect(await blocker.state()).toBe("running");
    expect(bench.events.filter(({ type }) => type === "refused")).toEqual([]);
    await blocker.result();
  }, 20_000);
});

describe("a job that its worker cannot run", () => {
  test("waits, with the reason, if no source defines its task", async () => {
    await using bench = await workbench();
    const stranger = task("defined.elsewhere", () => 1);
    const job = await bench.nuvom.enqueue(stranger, undefined);
    await bench.event("unfit");
    await bench.worker.stop();
    expect(await job.get()).toMatchObject({
      state: "pending",
      attempt: 0,
      reason: "no source that its worker has read defines the task; a worker reads them when it starts",
    });
  });

  test("waits if its input does not fit the schema", async () => {
    await using bench = await workbench();
    const older = task("greet", (input: { nickname: string }) => input);
    const job = await bench.nuvom.enqueue(older, { nickname: "Ada" });
    await bench.event("unfit");
    await bench.worker.stop();
    const { state, attempt, reason } = await job.get();
    expect({ state, attempt }).toEqual({ state: "pending", attempt: 0 });
    expect(reason).toContain("input.name");
  });
});

describe("a worker", () => {
  test("serves only its queues", async () => {
    await using bench = await workbench({ queues: ["mine"], drain: true });
    const other = await bench.nuvom.enqueue(tasks.add, { x: 1, y: 1 });
    await bench.worker.stopped;
    expect(await other.state()).toBe("pending");
  });

  test("that drains does not leave due jobs that it has put off", async () => {
    await using bench = await workbench({ lease: "1s" });
    const { storage } = bench.nuvom;
    await bench.worker.stop();
    const naps = Array.from({ length: 6 }, () => ({ milliseconds: 300 }));
    const jobs = await bench.nuvom.enqueueMany(tasks.nap, naps);
    const now = Date.now();
    const lease = { seenAt: now, leaseUntil: now + 1 };
    await storage.heartbeat(aWorker("dead", lease));
    await storage.claim("dead", ["default"], 6, now);
    await storage.recover(now + 2);
    await using second = await workbench({ storage: bench.storage, drain: true });
    await second.worker.stopped;
    const states = (await storage.get(jobs.map(({ id }) => id))).map((job) => job?.state);
    expect(new Set(states)).toEqual(new Set(["succeeded"]));
  }, 20_000);

  test("that drains stops when nothing is due", async () => {
    await using bench = await workbench({ drain: true });
    await bench.worker.stopped;
    expect(await bench.nuvom.storage.workers()).toMatchObject([{ id: bench.worker.id }]);
  });

  test("that stops lets running jobs end and gives the others back", async () => {
    await using bench = await workbench();
    const go = bench.folder.file("go");
    const started = bench.folder.file("started");
    const running = await bench.nuvom.enqueue(tasks.waitFor, { file: go, started });
    await until(started);
    const others = await bench.nuvom.enqueueMany(
      tasks.add,
      Array.from({ length: 50 }, (_, x) => ({ x, y: 0 })),
    );
    const stopped = bench.worker.stop({ grace: "1m" });
    writeFileSync(go, "");
    await stopped;
    expect(await running.state()).toBe("succeeded");
    for (const job of others) expect(await job.get()).toMatchObject({ state: "pending", attempt: 0 });
  });

  test("that must stop now releases what runs, without a lost attempt", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(tasks.waitFor, {
      file: bench.folder.file("never"),
      started: bench.folder.file("started"),
    });
    await until(bench.folder.file("started"));
    await bench.worker.stop({ grace: 0 });
    expect(await job.get()).toMatchObject({
      state: "pending",
      attempt: 0,
      crashes: 0,
      reason: "interrupted: its process was stopped",
    });
  });

  test("recovers the jobs of one that died", async () => {
    await using bench = await workbench({ lease: "1s" });
    const { storage } = bench.nuvom;
    await bench.worker.stop();
    const job = await bench.nuvom.enqueue(tasks.add, { x: 1, y: 1 });
    const now = Date.now();
    await storage.heartbeat(aWorker("dead", { seenAt: now, leaseUntil: now + 200 }));
    expect(await storage.claim("dead", ["default"], 9, now)).toHaveLength(1);
    await using second = await workbench({ lease: "1s", storage: bench.storage });
    expect(await job.result()).toBe(2);
    expect(await second.event("recovered")).toEqual({ type: "recovered", ids: [job.id] });
    expect(await job.get()).toMatchObject({ attempt: 1, crashes: 1, claims: 2 });
  });

  test("gives back what it holds without knowing, because the answer to a claim was lost", async () => {
    await using bench = await workbench({ lease: "1s", queues: ["other"] });
    const job = await bench.nuvom.enqueue(tasks.add, { x: 1, y: 1 });
    await bench.event("started");
    await until(async () => (await bench.nuvom.storage.workers()).length === 1);
    expect(await bench.nuvom.storage.claim(bench.worker.id, ["default"], 1, Date.now())).toHaveLength(1);
    await until(async () => (await job.state()) === "pending");
    expect(await job.get()).toMatchObject({
      attempt: 0,
      claims: 1,
      reason: "the answer to its claim was lost",
    });
  });

  test("does not let short jobs wait behind a long one while another worker is free", async () => {
    await using bench = await workbench();
    const inputs = Array.from({ length: 100 }, (_, x) => ({ x, y: 0 }));
    // Short jobs, so that it puts many into its process ahead of time.
    await Promise.all((await bench.nuvom.enqueueMany(tasks.add, inputs)).map((job) => job.result()));
    const go = bench.folder.file("go");
    const [long, short] = await Promise.all([
      bench.nuvom.enqueue(tasks.waitFor, { file: go }),
      bench.nuvom.enqueueMany(tasks.add, inputs),
    ]);
    await using other = await workbench({ storage: bench.storage });
    expect(await Promise.all(short.map((job) => job.result()))).toEqual(inputs.map(({ x }) => x));
    expect(await long.state()).toBe("running");
    writeFileSync(go, "");
    await long.result();
    const workers = new Set((await Promise.all(short.map((job) => job.get()))).map(({ worker }) => worker));
    expect(workers).toContain(other.worker.id);
  });

  test("records what is reported while it is recording", async () => {
    using folder = temporaryFolder();
    const storage = openStorage(`sqlite:${folder.file("jobs.db")}`, "/");
    const gate = Promise.withResolvers<void>();
    const settling = Promise.withResolvers<void>();
    const slow: Storage = {
      ...storage,
      async settle(...batch) {
        settling.resolve();
        await gate.promise;
        return storage.settle(...batch);
      },
    };
    const nuvom = new Nuvom({ storage });
    const files = ["first", "second", "third"].map((name) => folder.file(name));
    const jobs = await nuvom.enqueueMany(
      tasks.waitFor,
      files.map((file) => ({ file })),
    );
    await using bench = await workbench({ storage: slow, concurrency: 3 });
    writeFileSync(files[0]!, "");
    await settling.promise;
    writeFileSync(files[1]!, "");
    await bench.event("log", jobs[1]!.id);
    // The reports of one process come in their order: with the third job's line, the second's report is here.
    writeFileSync(files[2]!, "");
    await bench.event("log", jobs[2]!.id);
    gate.resolve();
    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(["seen", "seen", "seen"]);
    // A report that got lost would have been made up for by another execution.
    expect((await nuvom.storage.get(jobs.map(({ id }) => id))).map((job) => job?.claims)).toEqual([1, 1, 1]);
    await bench.worker.stop();
    await nuvom.close();
  });

  test("runs many jobs of a dead worker one by one, but not each in a new process", async () => {
    await using bench = await workbench({ lease: "1s" });
    const { storage } = bench.nuvom;
    await bench.worker.stop();
    const inputs = Array.from({ length: 300 }, (_, x) => ({ x, y: 0 }));
    const jobs = await bench.nuvom.enqueueMany(tasks.add, inputs);
    const now = Date.now();
    const lease = { seenAt: now, leaseUntil: now + 1 };
    await storage.heartbeat(aWorker("dead", lease));
    expect(await storage.claim("dead", ["default"], 300, now)).toHaveLength(300);
    await using second = await workbench({ storage: bench.storage });
    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(inputs.map(({ x }) => x));
    expect(second.events.filter(({ type }) => type === "process-started").length).toBeLessThan(20);
  });

  test("moves large inputs without losing its lease", async () => {
    await using bench = await workbench({ lease: "1s", processes: 2 });
    const large = Array.from({ length: 20 }, () => new Uint8Array(1_000_000));
    await Promise.all(
      (await bench.nuvom.enqueueMany(tasks.add, [{ x: 1, y: 1 }])).map((job) => job.result()),
    );
    const jobs = await bench.nuvom.enqueueMany(tasks.echo, large);
    const sizes = await Promise.all(jobs.map(async (job) => ((await job.result()) as Uint8Array).length));
    expect(new Set(sizes)).toEqual(new Set([1_000_000]));
    expect(bench.events.filter(({ type }) => type === "lease-lost" || type === "refused")).toEqual([]);
  });

  test("whose own program is busy for a while does not judge its processes by what it has not heard", async () => {
    await using bench = await workbench();
    const file = bench.folder.file("journal");
    const short = (count: number) => Array.from({ length: count }, (_, value) => ({ file, value }));
    await Promise.all((await bench.nuvom.enqueueMany(tasks.journal, short(100))).map((job) => job.result()));
    const jobs = await bench.nuvom.enqueueMany(tasks.journal, short(2_000));
    await until(async () => readFileSync(file, "utf8").split("\n").length > 150);
    for (const end = performance.now() + 2_000; performance.now() < end; );
    await Promise.all(jobs.map((job) => job.result()));
    expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(2_100);
  });

  test("is not harmed by a listener that throws, and says so", async () => {
    using complaints = spyOn(console, "error").mockImplementation(() => {});
    await using bench = await workbench();
    using folder = temporaryFolder();
    const storage = `sqlite:${folder.file("jobs.db")}`;
    const worker = await startWorker({
      storage,
      root: fixtures,
      processes: 1,
      onEvent() {
        throw new Error("a listener's mistake");
      },
    });
    const nuvom = new Nuvom({ storage });
    await (await nuvom.enqueue(tasks.exits, { once: bench.folder.file("once") })).result();
    await worker.stop();
    await nuvom.close();
    expect(complaints).toHaveBeenCalledWith('nuvom: onEvent threw at "started":', expect.any(Error));
  });

  test("is not confused by what tasks send to it", async () => {
    await using bench = await workbench();
    const jobs = await bench.nuvom.enqueueMany(tasks.meddles, [1, 2, 3]);
    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(["heard", "heard", "heard"]);
    expect(bench.events.filter(({ type }) => type === "succeeded")).toHaveLength(3);
  });

  test("that is asked again to stop stops sooner", async () => {
    await using bench = await workbench();
    const started = bench.folder.file("started");
    const job = await bench.nuvom.enqueue(tasks.waitFor, { file: bench.folder.file("never"), started });
    await until(started);
    const slowly = bench.worker.stop({ grace: "1h" });
    await bench.worker.stop({ grace: 0 });
    await slowly;
    expect(await job.state()).toBe("pending");
  });

  test.each([
    [{ processes: 0 }, "processes"],
    [{ lease: "10ms" }, "lease must be at least a second"],
    [{ threads: 3 }, "threads"],
    [{ storage: "mongodb://x:secret@y/z" }, 'storage "mongodb://x:***@y/z" is not known'],
  ])("refuses %p", (options, message) => {
    expect(workbench(options as never)).rejects.toThrow(message);
  });
});
