/**
 * The memory of a worker and of its processes after some jobs, and after many more.
 * `bun bench/memory.ts [some] [many]`, on Linux; this program is the producer, `nuvom worker` the other.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Nuvom } from "nuvom";
import { startedAt } from "./tasks/clock.ts";

const some = Number(process.argv[2] ?? 10_000);
const many = Number(process.argv[3] ?? 1_000_000);
const perCall = 5_000;
/** How many jobs may be ahead of the worker. */
const mostOpen = 50_000;

const folder = mkdtempSync(join(tmpdir(), "nuvom-bench-"));
const storage = `sqlite:${join(folder, "jobs.db")}?synchronous=normal`;
const nuvom = new Nuvom({ storage, keep: 0 });
const main = join(import.meta.dir, "../cli/main.ts");
const worker = Bun.spawn(
  [process.execPath, main, "worker", "--quiet", "--root", import.meta.dir, "--storage", storage],
  { stdio: ["ignore", "inherit", "inherit"] },
);

const beganAt = performance.now();
await run(some);
const before = memory(worker.pid);
await run(many - some);
const after = memory(worker.pid);
const seconds = (performance.now() - beganAt) / 1_000;
for (const part of ["worker", "processes"] as const) {
  const [was, is] = [before[part], after[part]];
  console.log(
    `${part}: ${was} MB after ${some} jobs, ${is} MB after ${many}, ${(is / was).toFixed(2)} times as much`,
  );
}
console.log(`${Math.round(many / seconds)} jobs a second, their insertion included`);
worker.kill("SIGTERM");
await worker.exited;
await nuvom.close();
rmSync(folder, { recursive: true });

async function run(count: number): Promise<void> {
  for (let left = count; left > 0; left -= perCall) {
    const size = Math.min(left, perCall);
    await nuvom.enqueueMany(
      startedAt,
      Array.from({ length: size }, () => undefined),
    );
    await openJobs(mostOpen);
  }
  await openJobs(0);
}

/** Waits until no more than so many are open. */
async function openJobs(most: number): Promise<void> {
  for (;;) {
    const counts = await nuvom.storage.counts();
    if (counts.reduce((sum, { pending, running }) => sum + pending + running, 0) <= most) return;
    await Bun.sleep(20);
  }
}

/** What Linux counts as resident, in megabytes: of a program, and of the largest of its children. */
function memory(pid: number): { worker: number; processes: number } {
  const children = readdirSync("/proc").filter(
    (entry) => /^\d+$/.test(entry) && field(entry, "PPid") === pid,
  );
  const megabytes = (id: number | string) => Math.round(field(id, "VmRSS") / 1024);
  return { worker: megabytes(pid), processes: Math.max(...children.map(megabytes)) };
}

function field(pid: number | string, name: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(status)?.[1]);
  } catch {
    return Number.NaN;
  }
}
