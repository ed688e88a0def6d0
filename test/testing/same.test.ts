import { expect, test } from "bun:test";
import { decode } from "../../src/codec.ts";
import { jobErrors } from "../../src/handle.ts";
import type { Job, Nuvom } from "../../src/index.ts";
import { testNuvom } from "../../src/testing/index.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import * as context from "../fixtures/tasks/context.ts";
import { greet } from "../fixtures/tasks/greet.ts";
import { temporaryFolder } from "../support/folder.ts";
import { countOf, every } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { workbench } from "../support/worker.ts";

/** Jobs of every kind. Two of them stay pending: one for tomorrow, and one whose input does not fit. */
async function enqueueAll(nuvom: Nuvom, file: (name: string) => string): Promise<void> {
  const greetUnchecked = { ...greet, definition: { ...greet.definition, input: undefined } };
  await nuvom.enqueue(tasks.add, { x: 1, y: 2 });
  await nuvom.enqueue(greet, { name: "Ada", at: new Date(0) }, { in: 40, priority: "low" });
  await nuvom.enqueue(greetUnchecked, { name: "" });
  await nuvom.enqueue(tasks.echo, new Map([["a", new Set([1n])]]), { queue: "other" });
  await nuvom.enqueue(tasks.flaky, undefined);
  await nuvom.enqueue(tasks.broken, undefined);
  await nuvom.enqueue(tasks.broken, undefined, { attempts: 3 });
  await nuvom.enqueue(tasks.refuses, undefined);
  await nuvom.enqueue(tasks.patient, undefined, { timeout: 50, attempts: 2 });
  await nuvom.enqueue(context.asksForAnother, { file: file("asks"), times: 2 });
  await nuvom.enqueue(context.asksForAnother, { file: file("asks-too-often"), times: 3 });
  await nuvom.enqueue(context.snoozes, { file: file("snoozes"), times: 3 });
  await nuvom.enqueue(context.snoozesBadly, undefined);
  await nuvom.enqueue(context.countsBadly, undefined);
  await nuvom.enqueue(tasks.add, { x: 1, y: 2 }, { in: "1d", key: "k" });
  await nuvom.enqueue(tasks.add, { x: 3, y: 4 }, { in: "1d", key: "k" });
  await nuvom.schedule(tasks.echo, "again", { every: 20, limit: 3 });
}

/** All that is the same whenever and wherever they ran. */
function told(job: Job) {
  const { task, queue, priority, key, state, attempt, crashes, maxAttempts, reason, result } = job;
  const errors = jobErrors(job).map(({ name, message, attempt }) => ({ name, message, attempt }));
  const counted = { attempt, crashes, maxAttempts };
  return { task, queue, priority, key, state, ...counted, reason, errors, result: result && decode(result) };
}

async function allOf({ storage }: Nuvom) {
  const jobs = (await every(storage)).map(told);
  return jobs.sort((a, b) => Bun.inspect(a).localeCompare(Bun.inspect(b)));
}

test("the same jobs end in the same way on the harness and on a worker", async () => {
  using folder = temporaryFolder();
  await using nuvom = testNuvom();
  await enqueueAll(nuvom, folder.file);
  // While one waits for a job that only its timeout ends, another lets the time pass.
  await Promise.all([nuvom.advance("1h"), nuvom.advance("1h"), nuvom.advance("1h")]);
  const onHarness = await allOf(nuvom);
  await nuvom.close();

  await using bench = await workbench();
  await enqueueAll(bench.nuvom, bench.folder.file);
  const { storage } = bench.nuvom;
  await until(async () => {
    const open = (await countOf(storage, "pending")) + (await countOf(storage, "running"));
    return open === 2 && (await every(storage)).length === onHarness.length;
  });
  expect(onHarness.map(({ state }) => state).sort()).toEqual([
    ...Array(7).fill("failed"),
    ...Array(2).fill("pending"),
    ...Array(9).fill("succeeded"),
  ]);
  expect(await allOf(bench.nuvom)).toEqual(onHarness);
}, 60_000);
