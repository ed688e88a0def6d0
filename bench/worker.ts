import { join } from "node:path";
import type { Nuvom } from "nuvom";
import { startedAt } from "./tasks/clock.ts";

/** The project of the workers that are measured. */
export const tasksFolder = join(import.meta.dir, "tasks");

/** `nuvom worker` over the tasks of this folder, as another program; it ends with its scope. */
export function spawnWorker(storage: string, flags: readonly string[] = []) {
  const main = join(import.meta.dir, "../cli/main.ts");
  const child = Bun.spawn(
    [process.execPath, main, "worker", "--quiet", "--root", tasksFolder, "--storage", storage, ...flags],
    // A worker that was started by a channel ends with it, however this program ends.
    { stdio: ["ignore", "inherit", "inherit"], ipc() {} },
  );
  return {
    pid: child.pid,
    /** Resolves when it has ended by itself, as with `--drain`. */
    async ended() {
      if ((await child.exited) !== 0) throw new Error(`nuvom worker ended with ${child.exitCode}`);
      return child.resourceUsage()!;
    },
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await child.exited;
    },
  };
}

/** Resolves when each of its processes has imported a task's file and run some jobs. */
export async function warmedUp(nuvom: Nuvom): Promise<void> {
  const jobs = await nuvom.enqueueMany(startedAt, Array<undefined>(100).fill(undefined));
  await Promise.all(jobs.map((job) => job.result()));
}

/** The time of this moment as the task `startedAt` tells it. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}
