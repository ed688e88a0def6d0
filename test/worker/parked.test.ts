import { expect, test } from "bun:test";
import { Nuvom, startWorker, task, type WorkerEvent } from "../../src/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { temporaryProject } from "../support/project.ts";
import { until } from "../support/until.ts";

const older = 'import { task } from "nuvom";\nexport const known = task("known", (text) => "older " + text);';
const newer = `
  import { task } from "nuvom";
  import { z } from "zod";
  export const known = task("known", { input: z.string(), run: (text) => "newer " + text });
  export const fresh = task("fresh", () => "fresh");`;

/** A storage, and workers of two releases of a project that share it. */
async function deployment() {
  const folder = temporaryFolder();
  const storage = `sqlite:${folder.file("jobs.db")}`;
  const projects = {
    older: await temporaryProject({ "tasks.ts": older }),
    newer: await temporaryProject({ "tasks.ts": newer }),
  };
  const nuvom = new Nuvom({ storage });
  return {
    nuvom,
    async start(release: keyof typeof projects) {
      const events: WorkerEvent[] = [];
      const { path: root } = projects[release];
      const onEvent = (event: WorkerEvent) => void events.push(event);
      const worker = await startWorker({ storage, root, processes: 1, lease: "1s", onEvent });
      return { events, [Symbol.asyncDispose]: () => worker.stop({ grace: 0 }) };
    },
    async [Symbol.asyncDispose]() {
      await nuvom.close();
      for (const each of [folder, projects.older, projects.newer]) each[Symbol.dispose]();
    },
  };
}

const fresh = task("fresh", () => "fresh");
const numbered = task("known", (input: number) => `${input}`);

test("a job whose task only newer workers know waits for one of them, and for nothing else", async () => {
  await using deployed = await deployment();
  await using first = await deployed.start("older");
  const job = await deployed.nuvom.enqueue(fresh, undefined);
  await until(async () => (await job.get()).parked !== null);
  const { state, attempt, reason } = await job.get();
  expect({ state, attempt }).toEqual({ state: "pending", attempt: 0 });
  expect(reason).toContain("no source that its worker has read defines the task");
  await using _second = await deployed.start("newer");
  expect(await job.result()).toBe("fresh");
  expect(await job.get()).toMatchObject({ attempt: 1, crashes: 0, errors: null, parked: null, reason: null });
  expect(first.events.filter(({ type }) => type === "unfit")).toHaveLength(1);
});

test("a job whose input only older workers take waits for one of them: a rollback runs it", async () => {
  await using deployed = await deployment();
  await using first = await deployed.start("newer");
  const job = await deployed.nuvom.enqueue(numbered, 5);
  await until(async () => (await job.get()).parked !== null);
  expect((await job.get()).reason).toContain('task "known": input');
  await using _second = await deployed.start("older");
  expect(await job.result()).toBe("older 5");
  expect(await job.get()).toMatchObject({ attempt: 1, crashes: 0, errors: null });
  expect(first.events.filter(({ type }) => type === "unfit")).toHaveLength(1);
});

test("a job that nobody can run is tried once by each release, and holds up no other", async () => {
  await using deployed = await deployment();
  const lost = await deployed.nuvom.enqueue(
    task("lost", () => 1),
    undefined,
  );
  await using first = await deployed.start("older");
  await using second = await deployed.start("newer");
  await until(async () => (await lost.get()).parked !== null);
  // The leases of both are renewed several times.
  for (let i = 0; i < 10; i++) {
    const job = await deployed.nuvom.enqueue(fresh, undefined);
    expect(await job.result()).toBe("fresh");
    await Bun.sleep(100);
  }
  expect((await lost.get()).claims).toBeLessThanOrEqual(2);
  for (const { events } of [first, second]) {
    expect(
      events.filter((event) => event.type === "unfit" && event.id === lost.id).length,
    ).toBeLessThanOrEqual(1);
  }
});

test("a parked job can be cancelled", async () => {
  await using deployed = await deployment();
  await using _first = await deployed.start("older");
  const job = await deployed.nuvom.enqueue(fresh, undefined);
  await until(async () => (await job.get()).parked !== null);
  expect(await job.cancel("it will never be deployed")).toBe(true);
  expect(await job.get()).toMatchObject({
    state: "cancelled",
    reason: "it will never be deployed",
    parked: null,
  });
});
