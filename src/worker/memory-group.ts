import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A control group of Linux for the memory of one process: the kernel itself kills what passes the limit. */
export interface MemoryGroup {
  /** To be called when the process has ended. Returns whether the kernel has killed it, or what it had started. */
  end(): boolean;
}

/** What the kernel calls it, in the first version of control groups and in the second. */
interface Files {
  limit: string;
  /** Where a line tells how often the kernel has killed. */
  events: string;
}

const prefix = "nuvom-";

const first: Files = { limit: "memory.limit_in_bytes", events: "memory.oom_control" };
const second: Files = { limit: "memory.max", events: "memory.events" };

/**
 * Puts a process into a group of its own, `null` where this program may not: most systems lend it no groups.
 * What the process has used before is not counted.
 * @param root where the system shows its groups.
 * @param own in which of them this program is, as the system tells it.
 */
export function memoryGroup(
  pid: number,
  bytes: number,
  root = "/sys/fs/cgroup",
  own = "/proc/self/cgroup",
): MemoryGroup | null {
  for (const { folder, files } of parents(root, own)) {
    const group = join(folder, `${prefix}${pid}`);
    try {
      removeLeftovers(folder);
      mkdirSync(group, { recursive: true });
      writeFileSync(join(group, files.limit), String(bytes));
      writeFileSync(join(group, "cgroup.procs"), String(pid));
      return { end: () => end(group, files) };
    } catch {
      remove(group);
    }
  }
  return null;
}

/** The groups in which another may be made, if this program has the right. */
function parents(root: string, own: string): { folder: string; files: Files }[] {
  try {
    return readFileSync(own, "utf8")
      .trim()
      .split("\n")
      .flatMap((line) => {
        const [number, controllers, ...path] = line.split(":");
        const folder = (base: string) => join(root, base, path.join(":"));
        if (controllers?.split(",").includes("memory")) return { folder: folder("memory"), files: first };
        // In the second version a group of programs has no groups within, so it is made beside that of this program.
        const beside = dirname(folder(""));
        const isLent = number === "0" && readControllers(beside).includes("memory");
        return isLent ? { folder: beside, files: second } : [];
      });
  } catch {
    return [];
  }
}

function readControllers(folder: string): string[] {
  const file = join(folder, "cgroup.subtree_control");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split(" ") : [];
}

function end(group: string, files: Files): boolean {
  try {
    const [, kills] = /^oom_kill (\d+)$/m.exec(readFileSync(join(group, files.events), "utf8")) ?? [];
    return Number(kills) > 0;
  } catch {
    // Somebody has removed the group.
    return false;
  } finally {
    remove(group);
  }
}

/** Those of workers that were killed before they could do so. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const isOver = name.startsWith(prefix) && !existsSync(`/proc/${name.slice(prefix.length)}`);
    if (isOver) remove(join(folder, name));
  }
}

function remove(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // It was not made, or something that the job has started still runs in it.
  }
}
