import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endWithThisProcess } from "../test/support/redis.ts";

/** Of what a program that failed has printed, how much its problem tells. */
const lastCharacters = 500;

/**
 * Runs a file of the benches as a program, which has `TMPDIR` to itself, and returns the JSON of its last line. Neither a
 * process nor a file is left of it by then, nor when this process ends before.
 * @throws Error that says how it ended instead, or that it did not within so many seconds.
 */
export async function outcomeOf(
  args: readonly string[],
  seconds: number,
  environment: Record<string, string> = {},
): Promise<unknown> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "nuvom-bench-")));
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: import.meta.dir,
    env: { ...process.env, ...environment, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
    // Leads a group of its own, to which what it starts belongs.
    detached: true,
  });
  endWithThisProcess(child, folder, { group: true });
  const printed = Promise.all([child.stdout.text(), child.stderr.text()]);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child.pid);
  }, 1_000 * seconds);
  await child.exited;
  clearTimeout(timer);
  killGroup(child.pid);
  // They are read to their ends when the last of its processes has gone.
  const [output, errors] = await printed;
  rmSync(folder, { recursive: true, force: true });
  process.stderr.write(errors);
  if (isLate) throw new Error(`it did not end within ${seconds} s`);
  if (child.exitCode === 0) return JSON.parse(output.trimEnd().split("\n").at(-1)!);
  const how = child.signalCode ?? `exit code ${child.exitCode}`;
  throw new Error(`it ended with ${how}: ${Bun.stripANSI(errors).trim().slice(-lastCharacters)}`);
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // All of them have ended.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
