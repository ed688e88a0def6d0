import { readdirSync, readFileSync } from "node:fs";
import { libc } from "../src/worker/libc.ts";

const WNOHANG = 1;

/** Milliseconds between two looks. */
const every = 5_000;

/**
 * What is started first in a container inherits every program there whose parent has ended, and must take note of its end,
 * or it stays in the system's table for ever. Does so from now on, if that is this program.
 */
export function reapIfFirst(): void {
  if (process.pid !== 1) return;
  const system = libc({ waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" } });
  if (!system) return;
  let before = new Set<number>();
  setInterval(() => {
    const ended = endedChildren();
    // Bun takes note of its own children at once: one that is still there at the second look is none of them.
    for (const pid of ended) if (before.has(pid)) system.waitpid(pid, null, WNOHANG);
    before = new Set(ended);
  }, every).unref();
}

/** Those of this program's children that have ended and whose end nobody has noted. */
function endedChildren(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isEndedChild(name))
    .map(Number);
}

function isEndedChild(pid: string): boolean {
  try {
    // The name before may hold anything, parentheses too.
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return state === "Z" && Number(parent) === process.pid;
  } catch {
    // It has gone meanwhile.
    return false;
  }
}
