import { constants } from "node:os";
import { createJournal, journalVariable } from "./journal.ts";
import { memoryGroup } from "./memory-group.ts";
import type { FromProcess, ToProcess } from "./protocol.ts";
import { opened, sealed } from "./wire.ts";

/** A process of the operating system that executes jobs. */
export interface Spawned {
  readonly pid: number;
  send(message: ToProcess): void;
  /** Receives what it has not had the time to send. Returns whether all that it has reported is known by that. */
  catchUp(): boolean;
  kill(): void;
}

/**
 * Starts one. `exited` is called once, after the last message, with how it ended, such as `exit code 1`, and whether the
 * system has killed it for its memory.
 * @throws if the operating system lets none start.
 */
export type Spawn = (options: {
  root: string;
  environment: Record<string, string>;
  /** In bytes, `null` for no limit. */
  maxMemory: number | null;
  received(message: FromProcess): void;
  exited(how: string, isOutOfMemory: boolean): void;
}) => Spawned;

/** Starts processes by a command whose program calls `runProcess`. */
export const spawnProgram =
  (command: string[], folder?: string): Spawn =>
  (options) => {
    const journal = createJournal();
    let received = 0;
    const catchUp = (messages?: number) => {
      const reports = journal ? journal.read(messages) : [];
      for (const report of reports ?? []) options.received({ type: "report", report });
      return reports !== null;
    };
    let unreadable: string | null = null;
    let child: Bun.Subprocess;
    try {
      child = Bun.spawn(command, {
        cwd: folder ?? options.root,
        env: { ...process.env, ...options.environment, [journalVariable]: journal?.path },
        // What is written past `console`, by a job or a program that it starts, must not get into the log of the worker.
        stdio: ["ignore", 2, 2],
        // Leads a group of its own, to which what its jobs start belongs.
        detached: true,
        serialization: "advanced",
        ipc(envelope) {
          const message = unreadable === null && opened<FromProcess>(envelope);
          if (!message) return;
          received++;
          try {
            options.received(message);
          } catch (error) {
            // A job may speak in the name of its process: that must not end the worker.
            unreadable = `it sent a message that cannot be read: ${(error as Error).message}`;
            killGroup(child.pid);
          }
        },
        onExit(_, exitCode, signal) {
          killGroup(child.pid);
          catchUp();
          journal?.close();
          const how = signal ? `signal ${signalName(signal)}` : `exit code ${exitCode}`;
          options.exited(unreadable ?? how, group?.end() ?? false);
        },
      });
    } catch (error) {
      journal?.close();
      throw error;
    }
    const group = options.maxMemory === null ? null : memoryGroup(child.pid, options.maxMemory);
    return {
      pid: child.pid,
      send(message) {
        try {
          child.send(sealed(message));
        } catch {
          // It has died, and `exited` is about to say so.
        }
      },
      catchUp: () => catchUp(received),
      kill() {
        // The worker's program may end before it hears of the end of this one.
        journal?.unlink();
        // Before it leads its group, that is not there.
        if (!killGroup(child.pid)) child.kill("SIGKILL");
      },
    };
  };

/** Ends what a process has started, and itself. Returns whether there was something to end. */
function killGroup(leader: number): boolean {
  try {
    return process.kill(-leader, "SIGKILL");
  } catch {
    return false;
  }
}

function signalName(signal: number | string): string {
  if (typeof signal === "string") return signal;
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? String(signal);
}
