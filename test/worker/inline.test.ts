import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { spawnInline } from "../../src/worker/inline.ts";
import type { FromProcess } from "../../src/worker/protocol.ts";
import { temporaryProject } from "../support/project.ts";
import { until } from "../support/until.ts";

test("what waits in a worker's own process does not begin there when it has been given up", async () => {
  using project = await temporaryProject({
    "waits.ts": `
      import { appendFileSync, existsSync, writeFileSync } from "node:fs";
      import { task } from "nuvom";
      const here = (name) => import.meta.dir + "/" + name;
      export const waits = task("test.inline-waits", async (_, { id }) => {
        appendFileSync(here("ran"), id);
        while (!existsSync(here("go"))) await Bun.sleep(2);
        writeFileSync(here("ended"), "");
      });`,
  });
  const said: FromProcess[] = [];
  const gone = Promise.withResolvers<string>();
  const process = spawnInline()({
    root: project.path,
    environment: {},
    maxMemory: null,
    received: (message) => void said.push(message),
    exited: gone.resolve,
  });
  await until(async () => said.some(({ type }) => type === "ready"));
  const files = new Map([["test.inline-waits", project.file("waits.ts")]]);
  process.send({ type: "start", files, config: null, concurrency: 1, sizeLimit: 1_000 });
  const job = { task: "test.inline-waits", attempt: 1, maxAttempts: 1, runAt: 0, scheduledFor: null };
  const jobs = ["a", "b"].map((id) => {
    return { ...job, id, execution: id, traceparent: null, input: new Uint8Array([192]) };
  });
  process.send({ type: "run", sentAt: Date.now(), jobs });
  await until(project.file("ran"));
  process.kill();
  expect(await gone.promise).toContain("left alone");
  writeFileSync(project.file("go"), "");
  await until(project.file("ended"));
  // It would begin in the microtasks after that.
  await new Promise((resolve) => setImmediate(resolve));
  expect(readFileSync(project.file("ran"), "utf8")).toBe("a");
  expect(said.map(({ type }) => type)).not.toContain("report");
});
