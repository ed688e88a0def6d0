import { readFileSync } from "node:fs";
import type { Clock } from "../clock.ts";

interface Watched {
  readonly pid: number;
  usesMemory(bytes: number): void;
}

/** Milliseconds between two looks. */
const every = 250;

const pageSize = 4096;

/** Tells processes again and again how many bytes of memory they use, until `processes` returns `null`. */
export function watchMemory(clock: Clock, processes: () => Iterable<Watched> | null): void {
  clock.after(every, () => {
    const all = processes();
    if (all === null) return;
    for (const process of all) {
      const bytes = memoryOf(process.pid);
      if (bytes !== null) process.usesMemory(bytes);
    }
    watchMemory(clock, processes);
  });
}

/** The memory that a process uses, in bytes, `null` if that cannot be told. */
export function memoryOf(pid: number): number | null {
  try {
    if (process.platform === "linux") {
      const [, residentPages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
      return Number(residentPages) * pageSize;
    }
    const { stdout } = Bun.spawnSync(["ps", "-o", "rss=", "-p", String(pid)]);
    return Number(stdout.toString()) * 1024 || null;
  } catch {
    // It has just ended.
    return null;
  }
}
