import { readdirSync, readFileSync } from "node:fs";

export interface Usage {
  /** Seconds of CPU time so far, of the worker and all its processes. */
  cpu: number;
  /** Megabytes that are resident: of the worker, and of the largest of its processes. */
  worker: number;
  process: number;
}

/** What a worker uses, which only Linux tells here: `null` elsewhere. */
export function usage(pid: number): Usage | null {
  if (process.platform !== "linux") return null;
  const children = readdirSync("/proc").filter(
    (entry) => /^\d+$/.test(entry) && status(entry, "PPid") === pid,
  );
  return {
    cpu: [pid, ...children].reduce<number>((sum, id) => sum + cpuSeconds(id), 0),
    worker: megabytes(pid),
    process: Math.max(...children.map(megabytes)),
  };
}

/** A figure that cannot be had here. */
export const onLinuxOnly = { problem: "measured on Linux only" };

function megabytes(pid: number | string): number {
  return status(pid, "VmRSS") / 1_024;
}

/** A process that has just ended has nothing. */
function status(pid: number | string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(file(pid, "status"))?.[1] ?? 0);
}

const ticksPerSecond = 100;

/** Of its processes that have ended, too. */
function cpuSeconds(pid: number | string): number {
  // Behind the program's name, which may have spaces: state, parent, …, and as 11 to 14 the user and system time, its own
  // and that of those that have ended.
  const fields = file(pid, "stat").split(") ").at(-1)!.split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
}

function file(pid: number | string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code!)) return "";
    throw error;
  }
}
