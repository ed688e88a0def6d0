import { describe, expect, test } from "bun:test";
import { Nuvom, startWorker, type WorkerEvent } from "../../src/index.ts";
import { temporaryProject } from "../support/project.ts";
import { until } from "../support/until.ts";

/** A project with these files, a client on its storage, and workers that are stopped at the end. */
async function plant(files: Record<string, string>) {
  const project = await temporaryProject(files);
  const storage = `sqlite:${project.file("jobs.db")}`;
  const nuvom = new Nuvom({ storage });
  const events: WorkerEvent[] = [];
  return {
    project,
    nuvom,
    events,
    start: (options: { drain?: boolean } = {}) => {
      const onEvent = (event: WorkerEvent) => void events.push(event);
      return startWorker({ storage, root: project.path, processes: 1, onEvent, ...options });
    },
    rules: async () => {
      const schedules = await nuvom.schedules();
      return Object.fromEntries(schedules.map(({ id, definition }) => [id, definition.recurrence.rule]));
    },
    async [Symbol.asyncDispose]() {
      await nuvom.close();
      project[Symbol.dispose]();
    },
  };
}

const source = (schedule: string, name = "tick") => `
  import { task } from "nuvom";
  export const ${name} = task("${name}", {
    ${schedule}
    run: (_: unknown, { scheduledFor }) => scheduledFor,
  });
`;

describe("a task with a schedule in its definition", () => {
  test("is run by it, and told the occurrence", async () => {
    await using site = await plant({ "tasks/tick.ts": source('every: "100ms", keep: "1h",') });
    const worker = await site.start();
    await until(async () => (await site.nuvom.storage.list({ state: "succeeded" }, { limit: 9 })).length > 2);
    await worker.stop();
    const jobs = (await site.nuvom.storage.list({ state: "succeeded" }, { limit: 99 })).reverse();
    const [first] = jobs;
    for (const [index, job] of jobs.entries()) {
      expect(job).toMatchObject({ task: "tick", schedule: "tick", keepFor: 3_600_000 });
      expect((job.scheduledFor! - first!.scheduledFor!) % 100).toBe(0);
      expect(await site.nuvom.job(job.id).result()).toBe(job.scheduledFor);
      if (index > 0) expect(job.scheduledFor!).toBeGreaterThan(jobs[index - 1]!.scheduledFor!);
    }
  });

  test("has it changed and removed with its source", async () => {
    await using site = await plant({
      "tasks/tick.ts": source('every: "1h",'),
      "tasks/tock.ts": source('cron: "0 9 * * *", tz: "Europe/Rome",', "tock"),
    });
    const run = async () => {
      const worker = await site.start();
      const changed = () => site.events.some(({ type }) => type === "schedules-changed");
      await until(async () => changed());
      site.events.length = 0;
      await worker.stop();
    };
    await run();
    expect(await site.rules()).toEqual({
      tick: { every: 3_600_000 },
      tock: { cron: "0 9 * * *", tz: "Europe/Rome" },
    });
    await Bun.write(site.project.file("tasks/tick.ts"), source('every: "2h",'));
    await Bun.write(site.project.file("tasks/tock.ts"), source("", "tock"));
    await run();
    expect(await site.rules()).toEqual({ tick: { every: 7_200_000 } });
  });

  test("that cannot be read keeps the schedule it had, and the worker says why", async () => {
    await using site = await plant({ "tasks/tick.ts": source('every: "1h",') });
    const first = await site.start();
    await until(async () => Object.keys(await site.rules()).length === 1);
    await first.stop();
    await Bun.write(
      site.project.file("tasks/tick.ts"),
      `throw new Error("broken"); ${source('every: "2h",')}`,
    );
    const second = await site.start();
    await until(async () => site.events.some(({ type }) => type === "schedule-unknown"));
    await second.stop();
    expect(site.events).toContainEqual({ type: "schedule-unknown", task: "tick", reason: "broken" });
    expect(await site.rules()).toEqual({ tick: { every: 3_600_000 } });
  });
});

test("a file that does not parse keeps its schedules as they are, paused and counted", async () => {
  await using site = await plant({
    "tasks/tick.ts": source('every: "1h", limit: 9,'),
    "z.ts": source('every: "1h",', "z"),
  });
  const first = await site.start();
  await until(async () => Object.keys(await site.rules()).length === 2);
  await site.nuvom.getSchedule("tick").pause();
  const before = await site.nuvom.getSchedule("tick").get();
  await first.stop();
  await Bun.write(site.project.file("tasks/tick.ts"), `${source('every: "1h", limit: 9,')} {`);
  await Bun.file(site.project.file("z.ts")).delete();
  await (await site.start({ drain: true })).stopped;
  expect(await site.nuvom.getSchedule("tick").get()).toEqual(before);
  await Bun.write(site.project.file("tasks/tick.ts"), source('every: "1h", limit: 9,'));
  await (await site.start({ drain: true })).stopped;
  expect(await site.nuvom.getSchedule("tick").get()).toEqual(before);
  expect(Object.keys(await site.rules())).toEqual(["tick"]);
});

test("a file that ends its process, or hangs, costs no other its schedule", async () => {
  await using site = await plant({
    "tasks/a.ts": source('every: "1h",', "a"),
    "tasks/exits.ts": `process.exit(3); ${source('every: "1h",', "exits")}`,
    "tasks/z.ts": source('every: "1h",', "z"),
  });
  const worker = await site.start();
  await until(async () => Object.keys(await site.rules()).length === 2);
  await worker.stop();
  expect(Object.keys(await site.rules())).toEqual(["a", "z"]);
  expect(site.events).toContainEqual({
    type: "schedule-unknown",
    task: "exits",
    reason: "the process that imported its file ended with exit code 3",
  });

  await Bun.write(
    site.project.file("tasks/exits.ts"),
    `await new Promise(() => {}); ${source('every: "1h",', "exits")}`,
  );
  site.events.length = 0;
  const second = await site.start();
  const began = performance.now();
  await second.stop();
  expect(performance.now() - began).toBeLessThan(8_000);
  expect(site.events.filter(({ type }) => type === "schedule-unknown")).toEqual([]);
});

test("a worker that drains adds the schedules of the sources before it stops", async () => {
  await using site = await plant({ "tasks/tick.ts": source('every: "1h",') });
  await (await site.start({ drain: true })).stopped;
  expect(Object.keys(await site.rules())).toEqual(["tick"]);
});

test("a worker that drains fires what is due before it stops", async () => {
  await using site = await plant({ "tasks/tick.ts": source("") });
  const schedule = await site.nuvom.schedule(
    { name: "tick", definition: (await import(site.project.file("tasks/tick.ts"))).tick.definition } as never,
    undefined as never,
    { every: "50ms", limit: 1 },
  );
  await until(async () => (await schedule.get()).nextRunAt! <= Date.now());
  const worker = await site.start({ drain: true });
  await worker.stopped;
  expect(await site.nuvom.storage.list({}, { limit: 9 })).toMatchObject([
    { state: "succeeded", schedule: schedule.id },
  ]);
});
