import type { Faults } from "./faulty-storage.ts";
import type { Release } from "./tasks.ts";
import type { Workers } from "./workers.ts";
import type { World } from "./world.ts";

interface Scene {
  world: World;
  workers: Workers;
  faults: Faults;
  /** Starts another worker. */
  startWorker(release?: Release): void;
}

/** Does something bad, at random. */
export function disturb({ world, workers, faults, startWorker }: Scene): void {
  const { random } = world;
  const { alive } = workers;
  if (alive.length === 0) return startWorker();
  const victim = random.pick(alive);
  const disturbances: Record<string, () => void> = {
    pause() {
      workers.pause(victim);
      // Some end right when the lease does.
      const duration = random.chance(0.5) ? random.between(200, 25_000) : random.between(8_000, 14_000);
      world.after(duration, world.nobody, () => workers.resume(victim));
    },
    kill() {
      workers.kill(victim);
      world.after(random.between(0, 5_000), world.nobody, () => startWorker());
    },
    stop() {
      workers.stop(victim, random.pick([0, 500, 10_000]));
      world.after(random.between(0, 5_000), world.nobody, () => startWorker());
    },
    killProcess() {
      // With only one job, that job would be blamed: nobody can tell that it is innocent.
      const processes = [...victim.processes].filter(({ given }) => given > 1);
      if (processes.length > 0) random.pick(processes).die("signal SIGSEGV");
    },
    cutOff() {
      victim.connection.cutOffUntil = world.now() + random.between(500, 20_000);
      world.say(victim.actor, () => "is cut off from the storage");
    },
    outage() {
      faults.awayUntil = world.now() + random.between(500, 15_000);
      world.say(world.nobody, () => "the storage is away");
    },
    join: () => startWorker(),
  };
  random.pick(Object.values(disturbances))();
}

/** Ends all that is bad. */
export function calm({ world, workers, faults, startWorker }: Scene): void {
  Object.assign(faults, { probability: 0, awayUntil: 0 });
  for (const worker of workers.all) {
    worker.connection.cutOffUntil = 0;
    workers.resume(worker);
  }
  for (let missing = 1 - workers.alive.length; missing > 0; missing--) startWorker();
  if (!workers.alive.some(({ release }) => release === "newer")) startWorker("newer");
  world.say(world.nobody, () => "all is calm from now on");
}
