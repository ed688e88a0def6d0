import { describe, expect, test } from "bun:test";
import { aWorker } from "../../src/testing/builders.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { commandLine } from "../support/command-line.ts";

describe("cancel", () => {
  test("ends pending jobs", async () => {
    await using bench = commandLine();
    const [first, second] = await bench.client.enqueueMany(tasks.echo, [1, 2]);
    expect(await bench.run("cancel", first!.id, second!.id)).toEqual({
      stdout: `${first!.id} cancelled\n${second!.id} cancelled\n`,
      stderr: "",
      exitCode: 0,
    });
    expect([await first!.state(), await second!.state()]).toEqual(["cancelled", "cancelled"]);
  });

  test("exits with 1 if one could not be cancelled, and says why", async () => {
    await using bench = commandLine();
    const done = await bench.client.enqueue(tasks.echo, 1);
    await bench.work();
    const waiting = await bench.client.enqueue(tasks.echo, 2);
    const { stdout, exitCode } = await bench.run("cancel", done.id, waiting.id, "nobody");
    expect(stdout).toBe(
      `${done.id} not cancelled: it has ended, as succeeded\n` +
        `${waiting.id} cancelled\nnobody not cancelled: there is no such job\n`,
    );
    expect(exitCode).toBe(1);
    expect(await waiting.state()).toBe("cancelled");
  });

  test("asks the worker of a running job to stop it", async () => {
    await using bench = commandLine();
    const { storage } = bench.client;
    const { id } = await bench.client.enqueue(tasks.echo, 1);
    const now = Date.now();
    const worker = aWorker("w", { seenAt: now, leaseUntil: now + 60_000 });
    await storage.heartbeat(worker);
    await storage.claim("w", ["default"], 1, now);
    expect(await bench.json("cancel", id)).toEqual([
      {
        id,
        cancelled: true,
        message:
          "is running; its worker stops it within seconds; if that has died, it ends when this is noticed",
      },
    ]);
    expect((await storage.heartbeat(worker)).cancel).toMatchObject([
      { id, reason: expect.stringContaining("by nuvom cancel") },
    ]);
  });
});

describe("retry", () => {
  test("makes finished jobs pending again", async () => {
    await using bench = commandLine();
    const job = await bench.client.enqueue(tasks.refuses, undefined);
    await bench.work();
    expect(await job.state()).toBe("failed");
    expect(await bench.run("retry", job.id)).toEqual({
      stdout: `${job.id} pending again\n`,
      stderr: "",
      exitCode: 0,
    });
    expect(await job.state()).toBe("pending");
  });

  test("exits with 1 if one could not be retried, and says why", async () => {
    await using bench = commandLine();
    const failed = await bench.client.enqueue(tasks.refuses, undefined, { key: "k" });
    await bench.work();
    const holder = await bench.client.enqueue(tasks.echo, 1, { key: "k" });
    const { stdout, exitCode } = await bench.run("retry", failed.id, holder.id, "nobody");
    expect(stdout).toBe(
      `${failed.id} not retried: another job holds its key\n` +
        `${holder.id} not retried: it is pending\nnobody not retried: there is no such job\n`,
    );
    expect(exitCode).toBe(1);
    const asJson = await bench.run("retry", holder.id, "--json");
    expect(JSON.parse(asJson.stdout)).toEqual([
      { id: holder.id, retried: false, message: "not retried: it is pending" },
    ]);
    expect(asJson.exitCode).toBe(1);
  });
});
