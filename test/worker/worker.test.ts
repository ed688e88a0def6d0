import { describe, expect, spyOn, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { Nuvom, openStorage, type Storage, startWorker, task } from "../../src/index.ts";
import { aWorker } from "../../src/testing/builders.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { greet } from "../fixtures/tasks/greet.ts";
import { temporaryFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";
import { fixtures, workbench } from "../support/worker.ts";

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
    // Not by `task`, which would make it the task of that name for all tests of this program.
    const unchecked = { ...greet, definition: { ...greet.definition, input: undefined } };
    const job = await bench.nuvom.enqueue(unchecked, { nickname: "Ada" } as never);
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
    await using bench = await workbench({ lease: "2s", processes: 2 });
    const large = Array.from({ length: 10 }, () => new Uint8Array(1_000_000));
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
    Bun.sleepSync(2_000);
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
    [{ lease: "10ms" }, "lease: must be at least a second"],
    [{ threads: 3 }, 'there is no option "threads"; there are storage'],
    [{ hooks: {} }, "they belong into nuvom.config.ts"],
    [{ storage: "mongodb://x:secret@y/z" }, 'storage "mongodb://x:***@y/z" is not known'],
  ])("refuses %p", (options, message) => {
    expect(workbench(options as never)).rejects.toThrow(message);
  });
});
