/**
 * One of many programs on one file: adds jobs, claims and settles some, for a while from when the file `go` is there.
 * Writes down what was confirmed to it.
 */
import { writeFileSync } from "node:fs";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { aJob, aWorker, succeeded } from "../../src/testing/builders.ts";
import { until } from "../support/until.ts";

export interface Contention {
  added: string[];
  settled: string[];
  refused: number;
  calls: number;
  opening: number;
  longestWait: number;
}

const [path, go, report, milliseconds, isWorker] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const result: Contention = { added: [], settled: [], refused: 0, calls: 0, opening: 0, longestWait: 0 };
const name = report.split("/").at(-1)!;

async function timed<T>(call: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const value = await call();
  result.longestWait = Math.max(result.longestWait, performance.now() - began);
  result.calls++;
  return value;
}

writeFileSync(`${report}.ready`, "");
await until(go);
const opened = performance.now();
const storage = openSqlite(path);
result.opening = performance.now() - opened;
const now = Date.now();
const end = performance.now() + Number(milliseconds);
if (isWorker) await timed(() => storage.heartbeat(aWorker(name, { leaseUntil: now + 60_000 })));
while (performance.now() < end) {
  const jobs = Array.from({ length: 3 }, () => aJob({ id: Bun.randomUUIDv7(), runAt: now }));
  result.added.push(...(await timed(() => storage.insert(jobs))));
  if (!isWorker) continue;
  const claimed = await timed(() => storage.claim(name, ["default"], 20, now));
  const applied = await timed(() => storage.settle(name, claimed.map(succeeded), now));
  for (const [index, { id }] of claimed.entries()) {
    if (applied[index]) result.settled.push(id);
    else result.refused++;
  }
}
await storage.close();
await Bun.write(report, JSON.stringify(result));
