import { join } from "node:path";
import { Nuvom, type WorkerOptions } from "../../src/index.ts";
import { startProgram } from "../support/programs.ts";
import { startRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";
import { startChaos, type Victim } from "./chaos.ts";
import { check, type Violation } from "./checker.ts";
import { type Evidence, gather } from "./evidence.ts";
import { type ChaosEntry, journals, note } from "./journal.ts";
import { randomFrom } from "./random.ts";
import { ticked } from "./tasks/innocent.ts";

export interface SoakOptions {
  storage: "sqlite" | "redis";
  /** For how long there is chaos. */
  seconds: number;
  seed: number;
  /** Milliseconds. */
  lease: number;
  /** An empty one. */
  folder: string;
}

export interface SoakResult {
  evidence: Evidence;
  violations: Violation[];
}

/** The workers: their processes, and how many jobs each of these runs at a time. */
const places = [
  { processes: 2, concurrency: 1 },
  { processes: 2, concurrency: 1 },
  { processes: 1, concurrency: 3 },
  { processes: 1, concurrency: 4 },
];

const producers = 2;

/** Milliseconds in which all that was left must be done. */
const drainPatience = 60_000;

/** Milliseconds in which a worker that is asked to end must do so; then it is killed. */
const endPatience = 20_000;

export async function soak({ storage, seconds, seed, lease, folder }: SoakOptions): Promise<SoakResult> {
  const files = journals(folder);
  const write = (entry: ChaosEntry) => note(files.chaos, entry);
  const server =
    storage === "redis"
      ? await startRedis({ args: ["--appendonly", "yes", "--appendfsync", "always"] })
      : null;
  const url = server?.url ?? `sqlite:${join(folder, "jobs.db")}`;
  const programs = new Set<Victim>();

  function start(file: string, args: string[]): Victim {
    const program = startProgram(join(import.meta.dir, file), args);
    programs.add(program);
    void program.exited.then(() => programs.delete(program));
    return program;
  }

  function startWorker(options: WorkerOptions & { concurrency: number }): Victim {
    const worker = start("worker.ts", [url, folder, JSON.stringify({ lease, ...options })]);
    const { concurrency } = options;
    write({ kind: "worker started", worker: worker.pid, concurrency, at: Date.now() });
    void worker.exited.then((code) =>
      write({ kind: "worker ended", worker: worker.pid, code, at: Date.now() }),
    );
    return worker;
  }

  async function endWorker(worker: Victim): Promise<void> {
    write({ kind: "worker asked to end", worker: worker.pid, at: Date.now() });
    worker.kill("SIGTERM");
    const overdue = setTimeout(() => worker.kill("SIGKILL"), endPatience);
    await worker.exited;
    clearTimeout(overdue);
  }

  try {
    await using nuvom = new Nuvom({ storage: url });
    await nuvom.storage.pause("held", true);
    const own = await Promise.all(
      ["one", "two"].map((id) => nuvom.schedule(ticked, null, { every: "1s", id: `every second, ${id}` })),
    );
    const workers = places.map(startWorker);
    const working = Array.from({ length: producers }, (_, index) => {
      return start("producer.ts", [url, folder, String(seed * producers + index)]);
    });
    const chaos = startChaos({
      workers,
      start: (place) => startWorker(places[place]!),
      end: endWorker,
      server,
      executions: files.executions,
      log: files.chaos,
      lease,
      random: randomFrom(seed),
    });
    await Bun.sleep(seconds * 1_000);
    await chaos.stop();
    for (const producer of working) producer.kill("SIGTERM");
    await Promise.all(working.map(({ exited }) => exited));
    // A worker makes it of its task, which on a busy machine none may have come to yet.
    await until(async () => (await nuvom.storage.schedules(["recurring"])).length > 0);
    for (const schedule of [...own, nuvom.getSchedule("recurring")]) await schedule.pause();
    write({ kind: (await isDone(nuvom)) ? "all done" : "not all done", at: Date.now() });
    await Promise.all(workers.map(endWorker));
    write({ kind: "held queue resumed", at: Date.now() });
    await nuvom.storage.pause("held", false);
    const last = startWorker({ processes: 1, concurrency: 1, queues: ["held"] });
    write({ kind: (await isDone(nuvom, ["held"])) ? "all done" : "not all done", at: Date.now() });
    await endWorker(last);
    const evidence = await gather(folder, nuvom.storage);
    return { evidence, violations: check(evidence) };
  } finally {
    for (const program of programs) program.kill("SIGKILL");
    await Promise.all([...programs].map(({ exited }) => exited));
    await server?.stop();
  }
}

/** Whether the jobs of these queues, or of all but the held one, end before the patience does. */
async function isDone(nuvom: Nuvom, queues?: readonly string[]): Promise<boolean> {
  const isOpen = async () =>
    (await nuvom.storage.counts()).some(({ name, pending, running }) => {
      return (queues ? queues.includes(name) : name !== "held") && pending + running > 0;
    });
  for (const end = Date.now() + drainPatience; await isOpen(); await Bun.sleep(50)) {
    if (Date.now() > end) return false;
  }
  return true;
}
