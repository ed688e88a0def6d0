import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import type { Job } from "../../src/index.ts";
import { HookRunner } from "../../src/worker/hook-runner.ts";
import type { ToProcess } from "../../src/worker/protocol.ts";
import { badlyHooked, type Hooked, hooked } from "../fixtures/tasks/hooked.ts";
import { VirtualClock } from "../support/clock.ts";
import { temporaryProject } from "../support/project.ts";
import { until } from "../support/until.ts";
import { workbench } from "../support/worker.ts";

function heardIn(file: string): Record<string, unknown>[] {
  if (!existsSync(file)) return [];
  // The last may not be written to its end.
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

describe("the hooks of a task hear", () => {
  const stories: [does: Hooked["does"], hooks: object[]][] = [
    [
      "succeed",
      [
        { hook: "onStart", attempt: 1 },
        { hook: "onSuccess", attempt: 1, result: "done" },
      ],
    ],
    ["fail", failing("RangeError")],
    ["exit", failing("ProcessDiedError")],
    ["hang", failing("TimeoutError")],
  ];

  test.each(stories)("of one that is to %s", async (does, hooks) => {
    await using bench = await workbench();
    const file = bench.folder.file("heard");
    const job = await bench.nuvom.enqueue(hooked, { file, does }, does === "hang" ? { timeout: 200 } : {});
    const last = hooks.at(-1) as { hook: string };
    await until(async () => heardIn(file).some(({ hook }) => hook === last.hook));
    // An attempt begins twice where its process died in the first.
    const heard = [...new Set(heardIn(file).map((each) => JSON.stringify(each)))].map((line) =>
      JSON.parse(line),
    );
    expect(heard).toEqual(hooks.map((each) => ({ ...each, id: job.id })));
  });

  function failing(error: string) {
    return [
      { hook: "onStart", attempt: 1 },
      { hook: "onRetry", attempt: 1, error },
      { hook: "onStart", attempt: 2 },
      { hook: "onFailure", attempt: 2, error },
    ];
  }
});

test("a job is told to have begun once, also where its process was held up before it did", async () => {
  await using bench = await workbench({ processes: 1 });
  const { storage } = bench.nuvom;
  const file = bench.folder.file("heard");
  const told = (hook: string) => heardIn(file).filter((each) => each.hook === hook).length;
  const running = async () => (await storage.list({ state: "running" }, { limit: 50 })).length;
  const inputs = Array.from({ length: 100 }, (): Hooked => ({ file, does: "succeed" }));
  const { pid } = await bench.event("process-started");
  // So that it has imported the task.
  await (await bench.nuvom.enqueue(hooked, inputs[0]!)).result();
  process.kill(pid, "SIGSTOP");
  await bench.nuvom.enqueueMany(hooked, inputs);
  await until(async () => (await running()) > 0);
  // A process gives back what it cannot begin within a second.
  await Bun.sleep(1_500);
  process.kill(pid, "SIGCONT");
  await until(async () => told("onSuccess") === inputs.length + 1);
  expect(told("onStart")).toBe(inputs.length + 1);
}, 30_000);

describe("the hooks of the configuration hear", () => {
  test("of the jobs of every task, besides the task's own", async () => {
    using project = await temporaryProject({
      "tasks.ts": `
        import { appendFileSync } from "node:fs";
        import { task } from "nuvom";
        const write = (word) => appendFileSync("heard", word + "\\n");
        export const plain = task("plain", () => 1);
        export const own = task("own", { onSuccess: () => write("own"), run: () => 2 });`,
      "nuvom.config.ts": `
        import { appendFileSync } from "node:fs";
        import { defineConfig } from "nuvom";
        export default defineConfig({
          hooks: { onSuccess: ({ task, result }) => appendFileSync("heard", task + " " + result + "\\n") },
        });`,
    });
    await using bench = await workbench({ root: project.path });
    const { plain, own } = await import(project.file("tasks.ts"));
    for (const task of [plain, own]) await (await bench.nuvom.enqueue(task, undefined)).result();
    await bench.worker.stop();
    expect(readFileSync(project.file("heard"), "utf8")).toBe("plain 1\nown\nown 2\n");
  });
});

describe("a hook harms nothing", () => {
  test.each([
    ["throws", 'throw new Error("a mistake");', "cannot be loaded: a mistake"],
    ["has a hook that is none", "export default { hooks: { onFail() {} } };", 'there is no hook "onFail"'],
  ])("whose configuration %s in its process", async (_, config, reason) => {
    using project = await temporaryProject({
      "tasks.ts": 'import { task } from "nuvom"; export const plain = task("plain", () => 1);',
      "nuvom.config.ts": "export default {};",
    });
    await using bench = await workbench({ root: project.path });
    await Bun.write(project.file("nuvom.config.ts"), config);
    const { plain } = await import(project.file("tasks.ts"));
    const job = await bench.nuvom.enqueue(plain, undefined);
    expect(await job.result()).toBe(1);
    expect((await bench.event("hook-failed", job.id)).reason).toContain(reason);
  });

  test.each([
    ["throws", "TypeError: a mistake in the hook"],
    ["exits", "its process ended with exit code 5"],
  ])("that %s", async (input, reason) => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(badlyHooked, input);
    expect(await job.result()).toBe("done");
    expect(await bench.event("hook-failed")).toEqual({
      type: "hook-failed",
      id: job.id,
      task: "hooked.badly",
      hook: "onSuccess",
      reason,
    });
    expect(await job.state()).toBe("succeeded");
    expect(await (await bench.nuvom.enqueue(badlyHooked, "well")).result()).toBe("done");
  });

  test("that never ends: its process is ended, and the next hooks run in another", async () => {
    const clock = new VirtualClock();
    const sent: ToProcess[][] = [];
    const killed: number[] = [];
    const failures: unknown[] = [];
    const runner = new HookRunner({
      clock,
      root: "/",
      files: new Map(),
      config: null,
      environment: {},
      facts: new Map([["t", { task: "t", hooks: ["onStart"] } as never]]),
      emit: (event) => failures.push(event),
      spawn({ received }) {
        const messages: ToProcess[] = [];
        const number = sent.push(messages);
        queueMicrotask(() => received({ type: "ready" }));
        return {
          pid: number,
          send: (message) => messages.push(message),
          catchUp: () => true,
          kill: () => killed.push(number),
        };
      },
    });
    const job = { id: "j", task: "t", input: new Uint8Array([1]) } as unknown as Job;
    runner.started(job);
    runner.started({ ...job, id: "k" });
    await clock.advance(29_999);
    expect(failures).toEqual([]);
    await clock.advance(1);
    const reason = "it took longer than 30 s";
    expect(failures).toEqual([{ type: "hook-failed", id: "j", task: "t", hook: "onStart", reason }]);
    expect(killed).toEqual([1]);
    await clock.advance(1);
    expect(sent[1]!.at(-1)).toMatchObject({ type: "hook", hook: "onStart", event: { id: "k" } });
  });
});
