import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { jobErrors } from "../../src/handle.ts";
import * as tasks from "../fixtures/tasks/context.ts";
import { failureOf } from "../support/failure.ts";
import { until } from "../support/until.ts";
import { workbench } from "../support/worker.ts";

describe("a job that asks for another attempt", () => {
  test("gets it when it said, and has used one", async () => {
    await using bench = await workbench();
    const file = bench.folder.file("runs");
    const handle = await bench.nuvom.enqueue(tasks.asksForAnother, { file, times: 2 });
    // By its own base the second attempt would come in an hour.
    expect(await handle.result()).toBe(3);
    const job = await handle.get();
    expect(job).toMatchObject({ attempt: 3, claims: 3, crashes: 0 });
    const message = "the task asked for another attempt in 30ms: the service is closed";
    expect(jobErrors(job)).toMatchObject([1, 2].map((attempt) => ({ attempt, name: "RetryIn", message })));
    const [first, second] = jobErrors(job);
    expect(second!.startedAt - first!.finishedAt).toBeGreaterThanOrEqual(30);
  });

  test("fails if it had its last", async () => {
    await using bench = await workbench();
    const input = { file: bench.folder.file("runs"), times: 9 };
    const { job, errors } = await failureOf(bench, tasks.asksForAnother, input);
    expect(job).toMatchObject({ attempt: 3, maxAttempts: 3 });
    expect(errors).toHaveLength(3);
  });
});

describe("a job that snoozes", () => {
  test("is run again as often as it likes, without using an attempt", async () => {
    await using bench = await workbench();
    const file = bench.folder.file("runs");
    const handle = await bench.nuvom.enqueue(tasks.snoozes, { file, times: 4 });
    expect(await handle.result()).toBe(1);
    expect(readFileSync(file, "utf8")).toBe("1\n".repeat(5));
    expect(await handle.get()).toMatchObject({ attempt: 1, claims: 5, crashes: 0, errors: null });
  });

  test("says why as long as it waits", async () => {
    await using bench = await workbench();
    const input = { file: bench.folder.file("runs"), times: 1, delay: 3_600_000 };
    const handle = await bench.nuvom.enqueue(tasks.snoozes, input);
    await until(async () => (await handle.get()).claims === 1 && (await handle.state()) === "pending");
    const { attempt, reason } = await handle.get();
    expect({ attempt, reason }).toEqual({
      attempt: 0,
      reason: "the task asked to be run again in 1h: not yet",
    });
  });

  test("fails if the delay is no duration", async () => {
    await using bench = await workbench();
    const { errors } = await failureOf(bench, tasks.snoozesBadly);
    expect(errors).toMatchObject([{ name: "InvalidOptionError" }]);
    expect(errors[0]!.message).toContain("snooze");
  });
});
