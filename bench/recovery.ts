/**
 * How long after the death of a process another job begins in its place.
 * `bun bench/recovery.ts [deaths]`; this program runs the worker, with one process and nothing else to do.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Nuvom, startWorker } from "nuvom";
import { startedAt } from "./tasks/clock.ts";
import { exits } from "./tasks/exits.ts";

const deaths = Number(process.argv[2] ?? 20);
const folder = mkdtempSync(join(tmpdir(), "nuvom-bench-"));
const storage = `sqlite:${join(folder, "jobs.db")}`;
const nuvom = new Nuvom({ storage });
let diedAt: number | null = null;
const worker = await startWorker({
  storage,
  root: import.meta.dir,
  processes: 1,
  onEvent(event) {
    if (event.type === "process-died") diedAt ??= performance.timeOrigin + performance.now();
  },
});
await (await nuvom.enqueue(startedAt, undefined)).result();

const pauses: number[] = [];
for (let death = 0; death < deaths; death++) {
  diedAt = null;
  const [bad, next] = [await nuvom.enqueue(exits, undefined), await nuvom.enqueue(startedAt, undefined)];
  pauses.push((await next.result()) - diedAt!);
  await bad.result().catch(() => {});
  // By then a spare process has started, as it has unless they die one right after the other.
  await Bun.sleep(1_500);
}
const [first, ...others] = pauses.map(Math.round);
others.sort((a, b) => a - b);
console.log(
  `after the first death ${first} ms; after ${others.length} more, median ${others[others.length >> 1]} ms, from ${others[0]} to ${others.at(-1)} ms`,
);
await worker.stop();
await nuvom.close();
rmSync(folder, { recursive: true });
