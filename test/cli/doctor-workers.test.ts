import { expect, test } from "bun:test";
import { aWorker } from "../../src/testing/builders.ts";
import { commandLine } from "../support/command-line.ts";

test("a worker that has stopped is no cause for doubt, one that has gone silent is", async () => {
  await using bench = commandLine();
  await bench.work();
  expect((await bench.client.storage.workers()).length).toBe(1);
  expect((await bench.run("doctor")).stdout).not.toContain("last heard of");
  const seenAt = Date.now() - 60_000;
  await bench.client.storage.heartbeat(aWorker("silent", { seenAt, leaseUntil: seenAt + 10_000 }));
  expect((await bench.run("doctor")).stdout).toMatch(/worker silent .*was last heard of 1m ago/);
});
