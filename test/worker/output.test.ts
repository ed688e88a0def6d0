import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { jobNotes } from "../../src/handle.ts";
import type { JobHandle, WorkerEvent } from "../../src/index.ts";
import * as tasks from "../fixtures/tasks/context.ts";
import { failureOf } from "../support/failure.ts";
import { until } from "../support/until.ts";
import { workbench } from "../support/worker.ts";

function linesOf(events: readonly WorkerEvent[], { id }: JobHandle<unknown>): string[] {
  return events.flatMap((event) => (event.type === "log" && event.id === id ? event.text : []));
}

async function keptLines(handle: JobHandle<unknown>): Promise<string[]> {
  return jobNotes(await handle.get()).output.map(({ text }) => text);
}

describe("what a job says", () => {
  test("is its own, be it said by console, by log or from a timer, also beside other jobs in one process", async () => {
    await using bench = await workbench({ concurrency: 3 });
    const words = ["red", "green", "blue"];
    const gates = [1, 2, 3].map((number) => bench.folder.file(`gate${number}`));
    const jobs = await bench.nuvom.enqueueMany(
      tasks.chats,
      words.map((word) => ({ word, gates })),
    );
    for (const [index, gate] of gates.entries()) {
      // All are behind the gate before, so that their lines come in turn.
      const said = 1 + 2 * index;
      await until(async () => jobs.every((job) => linesOf(bench.events, job).length === said));
      writeFileSync(gate, "");
    }
    await Promise.all(jobs.map((job) => job.result()));
    for (const [index, word] of words.entries()) {
      const round = [`${word} by log`, `${word} by timer`];
      const lines = [`${word} by console`, ...round, ...round, ...round];
      expect(linesOf(bench.events, jobs[index]!)).toEqual(lines);
      expect(await keptLines(jobs[index]!)).toEqual(lines);
    }
  });

  test("is that of no job once it has ended, and of its process", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(tasks.echoesLater, undefined);
    expect(await bench.event("output")).toMatchObject({ text: "too late" });
    expect(linesOf(bench.events, job)).toEqual([]);
  });

  test("is kept while the job still runs", async () => {
    await using bench = await workbench();
    const gate = bench.folder.file("gate");
    const job = await bench.nuvom.enqueue(tasks.chats, { word: "red", gates: [gate] });
    await until(async () => (await keptLines(job)).length > 0);
    expect(await job.state()).toBe("running");
    expect(await keptLines(job)).toEqual(["red by console"]);
    writeFileSync(gate, "");
    await job.result();
    expect(await keptLines(job)).toHaveLength(3);
  });

  test("is kept over its attempts, even if its process dies", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(tasks.saysAndDies, undefined);
    await job.result();
    const { output } = jobNotes(await job.get());
    expect(output).toMatchObject([
      { attempt: 1, text: "this is attempt 1" },
      { attempt: 2, text: "this is attempt 2" },
    ]);
  });

  test("is kept in its last 100 lines", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(tasks.babbles, 500);
    await job.result();
    expect(linesOf(bench.events, job)).toHaveLength(500);
    const lines = await keptLines(job);
    expect(lines).toHaveLength(100);
    expect(lines.at(-1)).toBe("line 499");
  });

  test("is cut where it would be too much for its worker, and how much is told", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(tasks.babbles, 50_000);
    await job.result();
    const lines = linesOf(bench.events, job);
    const leftOut = lines.flatMap((line) => /^… (\d+) lines left out/.exec(line)?.[1] ?? []).map(Number);
    const told = lines.length - leftOut.length;
    expect(told).toBeLessThan(50_000);
    expect(told + leftOut.reduce((sum, count) => sum + count, 0)).toBe(50_000);
    expect(lines.at(-1)).toContain("left out: too much was printed at once");
  });
});

describe("the progress of a job", () => {
  test("is seen while it runs, the last of many steps, and after its end", async () => {
    await using bench = await workbench();
    const go = bench.folder.file("go");
    const job = await bench.nuvom.enqueue(tasks.counts, { count: 5_000, go });
    const last = { done: 5_000, total: 5_000, message: "step 5000" };
    await until(async () => (await job.progress())?.done === last.done);
    expect(await job.state()).toBe("running");
    writeFileSync(go, "");
    await job.result();
    expect(await job.progress()).toEqual(last);
  });

  test("is none before a job has told one", async () => {
    await using bench = await workbench();
    const job = await bench.nuvom.enqueue(tasks.echoesLater, undefined);
    await job.result();
    expect(await job.progress()).toBeNull();
  });

  test("must be numbers", async () => {
    await using bench = await workbench();
    const { errors } = await failureOf(bench, tasks.countsBadly);
    expect(errors).toMatchObject([{ name: "InvalidOptionError" }]);
    expect(errors[0]!.message).toContain("progress: done must be a number, not NaN");
  });
});
