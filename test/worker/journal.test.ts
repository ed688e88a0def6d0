import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import type { JobHandle } from "../../src/index.ts";
import { createJournal, journalVariable, ownJournal, reportsIn } from "../../src/worker/journal.ts";
import type { Report } from "../../src/worker/protocol.ts";
import { spawnProgram } from "../../src/worker/spawn.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { hooked } from "../fixtures/tasks/hooked.ts";
import { temporaryFolder } from "../support/folder.ts";
import { executions } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { workbench } from "../support/worker.ts";

const report = (number: number, bytes = 2): Report => {
  return {
    execution: `job:${number}`,
    kind: "succeeded",
    result: new Uint8Array(bytes).fill(7),
    duration: 0.25,
  };
};

describe("a journal", () => {
  const opened: { close(): void }[] = [];
  afterEach(() => {
    for (const reader of opened.splice(0)) reader.close();
  });

  function pair() {
    const reader = createJournal()!;
    opened.push(reader);
    process.env[journalVariable] = reader.path;
    const memory = Bun.mmap(reader.path);
    return { reader, memory, journal: ownJournal()! };
  }

  test("shows a worker what was noted since it was cleared", () => {
    const { reader, journal } = pair();
    expect(reader.read()).toEqual([]);
    expect(journal.note(report(1)) && journal.note(report(2))).toBe(true);
    expect(reader.read()).toEqual([report(1), report(2)]);
    expect(reportsIn(journal.content())).toEqual([report(1), report(2)]);
    journal.clear();
    expect(reader.read()).toEqual([]);
    journal.note(report(3));
    expect(reader.read()).toEqual([report(3)]);
  });

  test("is not read ahead of a message that its worker has yet to receive", () => {
    const { reader, journal } = pair();
    journal.sending();
    journal.note(report(1));
    expect(reader.read(0)).toBeNull();
    expect(reader.read(1)).toEqual([report(1)]);
    expect(reader.read()).toEqual([report(1)]);
  });

  test("is read as far as it can be", () => {
    const { reader, memory, journal } = pair();
    journal.note(report(1));
    const end = journal.content().length;
    journal.note(report(2));
    // As if it were longer than it can be.
    memory.fill(0xff, 4, 8);
    expect(reader.read()).toEqual([report(1), report(2)]);
    for (const byte of [0x00, 0xc1]) {
      memory.fill(byte, 12 + end);
      expect(reader.read()).toEqual([report(1)]);
    }
    expect(reportsIn(new Uint8Array([0x93, 1]))).toEqual([]);
  });

  test("refuses what is large, and what it has no room for", () => {
    const { reader, journal } = pair();
    expect(journal.note(report(0, 2_000))).toBe(false);
    expect(journal.note({ execution: "job:1", kind: "dropped" })).toBe(false);
    let noted = 0;
    while (journal.note(report(noted, 1_000))) noted++;
    expect(noted).toBeGreaterThan(50);
    expect(reader.read()).toEqual(Array.from({ length: noted }, (_, number) => report(number, 1_000)));
  });

  test("outlives its process, and its file's name", async () => {
    const reader = createJournal()!;
    opened.push(reader);
    const program = `
      import { ownJournal } from ${JSON.stringify(`${import.meta.dir}/../../src/worker/journal.ts`)};
      const journal = ownJournal();
      console.log("open");
      for await (const _ of console) break;
      const result = new Uint8Array([1, 2]);
      journal.note({ execution: "last", kind: "succeeded", result, duration: 1 });
      process.kill(process.pid, "SIGKILL");`;
    const child = Bun.spawn([process.execPath, "-e", program], {
      env: { ...process.env, [journalVariable]: reader.path },
      stdio: ["pipe", "pipe", "inherit"],
    });
    await child.stdout.getReader().read();
    expect(existsSync(reader.path)).toBe(false);
    child.stdin.write("\n");
    child.stdin.end();
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    expect(reader.read()).toMatchObject([{ execution: "last", result: new Uint8Array([1, 2]) }]);
  });
});

/** Short jobs, one that does what it does in their process, and more short ones behind it. */
async function amongShortJobs(bench: Awaited<ReturnType<typeof workbench>>, add: () => Promise<unknown>) {
  const file = bench.folder.file("executions");
  const short = (count: number) =>
    bench.nuvom.enqueueMany(
      tasks.journal,
      Array.from({ length: count }, (_, value) => ({ file, value })),
    );
  // So that the worker knows how short they are, and the process has imported all of them.
  await (await bench.nuvom.enqueue(tasks.busy, { milliseconds: 0 })).result();
  await (await bench.nuvom.enqueue(tasks.exits, { once: import.meta.path })).result();
  await (await bench.nuvom.enqueue(tasks.hangsUp, { once: import.meta.path })).result();
  for (const job of await short(20)) await job.result();
  await bench.nuvom.storage.pause("default", true);
  const before = await short(150);
  await add();
  const after = await short(50);
  await bench.nuvom.storage.pause("default", false);
  return { before, after, all: 220, executed: () => executions(file) };
}

test.each([
  ["died", tasks.exits],
  ["hung up", tasks.hangsUp],
])("what ended before its process %s is not run again", async (_, task) => {
  await using bench = await workbench({ processes: 1 });
  const once = { once: bench.folder.file("once") };
  const jobs = await amongShortJobs(bench, () => bench.nuvom.enqueue(task as typeof tasks.hangsUp, once));
  for (const job of [...jobs.before, ...jobs.after]) await job.result();
  expect(existsSync(once.once)).toBe(true);
  expect(jobs.executed()).toHaveLength(jobs.all);
  expect(new Set(jobs.executed()).size).toBe(jobs.all);
});

test("what ended before a job that blocks its process is recorded while that runs", async () => {
  await using bench = await workbench({ processes: 1 });
  const added = Promise.withResolvers<JobHandle<void>>();
  const jobs = await amongShortJobs(bench, async () => {
    added.resolve(await bench.nuvom.enqueue(tasks.busy, { milliseconds: 4_000 }));
  });
  const blocker = await added.promise;
  for (const job of jobs.before) await job.result();
  expect(await blocker.get()).toMatchObject({ state: "running", claims: 1 });
});

test("a job is told to have begun before it is told to have ended, however many are behind it", async () => {
  await using bench = await workbench({ processes: 1 });
  const file = bench.folder.file("heard");
  const count = 3_000;
  await bench.nuvom.enqueueMany(
    hooked,
    Array.from({ length: count }, () => ({ file, does: "succeed" as const })),
  );
  const heard = () => (existsSync(file) ? executions(file).map((line) => JSON.parse(line).hook) : []);
  await until(async () => heard().filter((hook) => hook === "onSuccess").length === count);
  expect(heard().filter((hook) => hook === "onStart")).toHaveLength(count);
}, 30_000);

async function withTemporary(path: string, work: () => unknown): Promise<void> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = path;
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

test("a system without a place for a journal runs jobs all the same", async () => {
  await using bench = await workbench({ processes: 1 });
  await withTemporary(bench.folder.file("missing"), async () => {
    expect(createJournal()).toBeNull();
    await (await bench.nuvom.enqueue(tasks.exits, { once: bench.folder.file("once") })).result();
    expect(await (await bench.nuvom.enqueue(tasks.add, { x: 1, y: 2 })).result()).toBe(3);
  });
});

test("a file is no place for a journal", async () => {
  await withTemporary(import.meta.path, () => expect(createJournal()).toBeNull());
});

test("nothing is left of the journal of a process that cannot be started", async () => {
  using folder = temporaryFolder();
  await withTemporary(folder.path, () => {
    const spawn = spawnProgram([folder.file("missing")]);
    const options = { root: "/", environment: {}, maxMemory: null, received() {}, exited() {} };
    expect(() => spawn(options)).toThrow();
  });
  expect(readdirSync(folder.path)).toEqual([]);
});
