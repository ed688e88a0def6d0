import { expect, test } from "bun:test";
import { Executor } from "../../src/worker/executor.ts";
import type { FromProcess } from "../../src/worker/protocol.ts";
import { temporaryProject } from "../support/project.ts";
import { until } from "../support/until.ts";

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
  const executor = new Executor({ sendThen: send, journal: null });
  const files = new Map([["test.slow-import", project.file("slow.ts")]]);
  executor.receive({ type: "start", files, config: null, concurrency: 1, sizeLimit: 1_000 });
  const job = { id: "j", task: "test.slow-import", attempt: 1, maxAttempts: 1, runAt: 0, scheduledFor: null };
  const input = new Uint8Array([192]);
  const assigned = { ...job, execution: "j:1", traceparent: null, input };
  executor.receive({ type: "run", sentAt: Date.now(), jobs: [assigned] });
  expect(said).toEqual([{ type: "importing", execution: "j:1" }]);
  executor.receive({ type: "abort", execution: "j:1", name: "AbortError", reason: "it was taken back" });
  await Bun.write(project.file("go"), "");
  await until(async () => said.some(({ type }) => type === "report"));
  expect(said.at(-1)).toEqual({ type: "report", report: { execution: "j:1", kind: "dropped" } });
  expect(await Bun.file(project.file("ran")).exists()).toBe(false);
});
