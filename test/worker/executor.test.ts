import { expect, test } from "bun:test";
import { Executor, type Port } from "../../src/worker/executor.ts";
import type { FromProcess, ToProcess } from "../../src/worker/protocol.ts";
import { temporaryProject } from "../support/project.ts";
import { until } from "../support/until.ts";

const noInput = new Uint8Array([192]);

function executorOf(task: string, file: string, sendThen: Port["sendThen"]): Executor {
  const executor = new Executor({ sendThen, journal: null });
  const files = new Map([[task, file]]);
  executor.receive({ type: "start", files, config: null, concurrency: 1, sizeLimit: 1_000 });
  return executor;
}

function run(task: string, ...executions: string[]): ToProcess {
  const job = { task, attempt: 1, maxAttempts: 1, runAt: 0, scheduledFor: null, traceparent: null };
  const jobs = executions.map((execution) => ({ ...job, id: execution, execution, input: noInput }));
  return { type: "run", sentAt: Date.now(), jobs };
}

test("a job that is aborted while its file is imported does not begin", async () => {
  using project = await temporaryProject({
    "slow.ts": `
      import { existsSync } from "node:fs";
      import { task } from "nuvom";
      while (!existsSync(import.meta.dir + "/go")) await Bun.sleep(5);
      export const slow = task("test.slow-import", () => Bun.write(import.meta.dir + "/ran", ""));`,
  });
  const said: FromProcess[] = [];
  const send = (message: FromProcess) => void said.push(message);
  const executor = executorOf("test.slow-import", project.file("slow.ts"), send);
  executor.receive(run("test.slow-import", "j:1"));
  expect(said).toEqual([{ type: "importing", execution: "j:1" }]);
  executor.receive({ type: "abort", execution: "j:1", name: "AbortError", reason: "it was taken back" });
  await Bun.write(project.file("go"), "");
  await until(async () => said.some(({ type }) => type === "report"));
  expect(said.at(-1)).toEqual({ type: "report", report: { execution: "j:1", kind: "dropped" } });
  expect(await Bun.file(project.file("ran")).exists()).toBe(false);
});

test("only what begins is said to have begun to a hook, before it can do anything to its process", async () => {
  using project = await temporaryProject({
    "told.ts": `
      import { appendFileSync } from "node:fs";
      import { task } from "nuvom";
      export const told = task("test.told", {
        onStart() {},
        run: (_, { id }) => appendFileSync(import.meta.dir + "/ran", id),
      });`,
  });
  const ran = async () => {
    const file = Bun.file(project.file("ran"));
    return (await file.exists()) ? await file.text() : "";
  };
  const said: string[] = [];
  const leave: (() => void)[] = [];
  const executor = executorOf("test.told", project.file("told.ts"), (message, left) => {
    const execution = "execution" in message ? message.execution : null;
    if (message.type === "report") said.push(`${message.report.execution} ${message.report.kind}`);
    else if (execution !== null) said.push(`${execution} ${message.type}`);
    leave.push(left);
  });
  const heard = (what: string) => until(async () => said.at(-1) === what);
  const allLeave = () => {
    for (const left of leave.splice(0)) left();
  };

  executor.receive(run("test.told", "a", "b"));
  await heard("a began");
  expect(await ran()).toBe("");
  allLeave();
  await heard("a succeeded");
  expect(await ran()).toBe("a");
  // Its worker takes `b` as executing when it has read that `a` succeeded.
  executor.receive({ type: "recall" });
  allLeave();
  executor.receive(run("test.told", "c"));
  await heard("c began");
  executor.receive({ type: "abort", execution: "c", name: "AbortError", reason: "it is not needed" });
  allLeave();
  await heard("c dropped");
  expect(said).toEqual(["a importing", "a began", "a succeeded", "c began", "c aborted", "c dropped"]);
  expect(await ran()).toBe("a");
});

test("a job whose input does not fit does not begin", async () => {
  using project = await temporaryProject({
    "strict.ts": `
      import { task } from "nuvom";
      import { z } from "zod";
      export const strict = task("test.strict", { input: z.string(), onStart() {}, run: () => 1 });`,
  });
  const said: FromProcess[] = [];
  const send = (message: FromProcess) => void said.push(message);
  const executor = executorOf("test.strict", project.file("strict.ts"), send);
  executor.receive(run("test.strict", "j:1"));
  await until(async () => said.some(({ type }) => type === "report"));
  expect(said.map(({ type }) => type)).toEqual(["importing", "loaded", "report"]);
  expect(said.at(-1)).toMatchObject({ report: { execution: "j:1", kind: "unfit" } });
});
