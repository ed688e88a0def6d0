import { drainMicrotasks } from "bun:jsc";
import { openStorage } from "../../src/index.ts";
import { isFinal, type Job } from "../../src/job.ts";
import { decodeSchedule } from "../../src/schedule.ts";
import { createClient } from "./clients.ts";
import { calm, disturb } from "./disturbances.ts";
import { type Faults, longestDelay } from "./faulty-storage.ts";
import { createHistory } from "./history.ts";
import { checkEnded, checkEnds, checkSchedule } from "./invariants.ts";
import { observedStorage } from "./observed-storage.ts";
import { describedBy, releases } from "./tasks.ts";
import { createWorkers } from "./workers.ts";
import { createWorld, silent } from "./world.ts";

const second = 1_000;

/** From the end of all that is bad, everything is settled within this time. */
const longestSettling = 900 * second;

/**
 * Runs clients, workers and a storage through a time in which everything goes wrong, and on until all is settled.
 * Everything follows from the seed. @throws Violation
 */
export function simulate(seed: number, trace: (line: string) => void = silent): void {
  const world = createWorld(seed, trace);
  const { random } = world;
  const faults: Faults = { probability: random.pick([0, 0, 0.03, 0.1, 0.3]), awayUntil: 0 };
  const workers = createWorkers(world, faults, describedBy(random));
  const history = createHistory(world);
  const raw = openStorage("memory:");
  const observed = observedStorage(raw, { world, history, mayLoseJobs: workers.mayLoseJobs });
  const clients = Array.from({ length: random.whole(1, 2) }, () =>
    createClient(world, observed, history, faults),
  );
  let isOver = false;
  const startWorker = (release = random.pick(releases)) => {
    if (!isOver) workers.start(observed, history, release);
  };
  const scene = { world, workers, faults, startWorker };

  const chaos = random.between(10 * second, 40 * second);
  const someTime = () => random.between(0, chaos);
  for (let i = random.whole(1, 3); i > 0; i--) scene.startWorker();
  for (let i = random.whole(5, 25); i > 0; i--) {
    const client = random.pick(clients);
    world.after(someTime(), world.nobody, client.act);
  }
  for (let i = random.whole(0, 2); i > 0; i--) world.after(someTime(), world.nobody, clients[0]!.schedule);
  for (let i = random.whole(0, 8); i > 0; i--) world.after(someTime(), world.nobody, () => disturb(scene));

  const pass = (duration: number) => {
    world.pass(duration);
    for (const known of history.jobs.values()) checkEnded(world, known, workers.wellFor);
  };
  while (world.passed < chaos) pass(second);
  calm(scene);
  // What is still under way may take effect as late as this.
  pass(longestDelay * 2);
  clients[0]!.openQueues();

  const isSettled = () =>
    clients.every(({ isIdle }) => isIdle) &&
    [...history.schedules.values()].every((schedule) => !schedule || schedule.nextRunAt === null) &&
    [...history.jobs.values()].every(({ job }) => isFinal(job.state));
  const end = world.passed + longestSettling;
  while (!isSettled()) {
    if (world.passed > end) {
      const open = [...history.jobs.values()].filter(({ job }) => !isFinal(job.state));
      const names = open.map(({ name, kind, job }) => `${name} (${kind}) is ${job.state}`);
      world.violate("everything settles", [...names, ...history.schedules.keys()].join(", "));
    }
    pass(second);
  }

  isOver = true;
  for (const worker of workers.alive) workers.stop(worker, second);
  pass(10 * second);
  for (const { actor, hasStopped, processes } of workers.all) {
    if (actor.state === "dead") continue;
    if (!hasStopped) world.violate("a worker stops when it is told to", actor.name);
    if (processes.size > 0) world.violate("no process outlives its worker", actor.name);
  }
  for (const id of clients.flatMap(({ confirmed }) => [...confirmed])) {
    if (!history.jobs.has(id)) world.violate("no confirmed job is lost", id);
  }
  for (const [id, schedule] of history.schedules) {
    if (schedule) checkSchedule(world, history, id, decodeSchedule(schedule).definition);
  }
  let stored: Job[] = [];
  void raw.list({}, { limit: 10_000 }).then((jobs) => {
    stored = jobs;
  });
  drainMicrotasks();
  checkEnds(world, history, stored);
  pass(0);
}

/** `bun test/simulation/simulate.ts SEED [--trace]`, or `FROM..TO` for many. */
if (import.meta.main) {
  const [seeds = "", flag] = process.argv.slice(2);
  const [from = Number.NaN, to = from] = seeds.split("..").map(Number);
  for (let seed = from; seed <= to; seed++) {
    try {
      simulate(seed, flag === "--trace" ? console.log : silent);
    } catch (error) {
      console.error(`seed ${seed}: ${(error as Error).message}`);
      process.exit(1);
    }
  }
  console.log(`seeds ${seeds}: all is well`);
}
