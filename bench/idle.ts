/**
 * An idle worker: what it costs, and how soon it starts a job that another program enqueues.
 * `bun bench/idle.ts [seconds idle] [jobs]`, on Linux; this program is the producer, `nuvom worker` the other.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Nuvom } from "nuvom";
import { startedAt } from "./tasks/clock.ts";

const seconds = Number(process.argv[2] ?? 10);
const count = Number(process.argv[3] ?? 500);
const folder = mkdtempSync(join(tmpdir(), "nuvom-bench-"));
const storage = `sqlite:${join(folder, "jobs.db")}`;
const nuvom = new Nuvom({ storage });
const worker = Bun.spawn(
  [
    process.execPath,
    join(import.meta.dir, "../cli/main.ts"),
    "worker",
    "--quiet",
    "--root",
    import.meta.dir,
    "--storage",
    storage,
  ],
  { stdio: ["ignore", "inherit", "inherit"] },
);

// The first jobs import the task's file in each process.
const first = await nuvom.enqueueMany(
  startedAt,
  Array.from({ length: 20 }, () => undefined),
);
await Promise.all(first.map((job) => job.result()));

const before = cpuSeconds(worker.pid);
await Bun.sleep(seconds * 1000);
const after = cpuSeconds(worker.pid);
const share = (from: number, to: number) => `${(((to - from) / seconds) * 100).toFixed(2)} %`;
console.log(
  `idle for ${seconds} s: the worker used ${share(before.own, after.own)} of a core, its processes ${share(before.children, after.children)}`,
);

const fromCall: number[] = [];
const fromCommit: number[] = [];
for (let i = 0; i < count; i++) {
  await Bun.sleep(10 + Math.random() * 20);
  const called = performance.timeOrigin + performance.now();
  const job = await nuvom.enqueue(startedAt, undefined);
  const committed = performance.timeOrigin + performance.now();
  const started = await job.result();
  fromCall.push(started - called);
  fromCommit.push(started - committed);
}
report("from the call of enqueue to the start in a process", fromCall);
report("from the commit of the job to the start in a process", fromCommit);

worker.kill("SIGTERM");
await worker.exited;
await nuvom.close();
rmSync(folder, { recursive: true });

function report(what: string, milliseconds: number[]) {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(2);
  console.log(`${what}, ${sorted.length} jobs: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`);
}

/** User and system time of a program and of its children, from Linux's /proc (in ticks of 10 ms). */
function cpuSeconds(pid: number): { own: number; children: number } {
  const children = readdirSync("/proc").filter(
    (entry) => /^\d+$/.test(entry) && stat(entry)?.[1] === String(pid),
  );
  const seconds = (id: string) => {
    const fields = stat(id);
    return fields ? (Number(fields[11]) + Number(fields[12])) / 100 : 0;
  };
  return { own: seconds(String(pid)), children: children.reduce((sum, id) => sum + seconds(id), 0) };
}

/** The fields behind the program's name: state, parent, …, user time (11), system time (12). */
function stat(pid: string): string[] | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  } catch {
    return null;
  }
}
