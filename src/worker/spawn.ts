import { constants } from "node:os";
import { join } from "node:path";
import type { Envelope, FromProcess, ToProcess } from "./protocol.ts";

/** A process of the operating system that runs `process.ts`. */
export interface Spawned {
  readonly pid: number;
  send(message: ToProcess): void;
  kill(): void;
}

/**
 * Starts one. `exited` is called once, after the last message, with how it ended, such as `exit code 1`.
 * @throws if the operating system lets none start.
 */
export type Spawn = (options: {
  root: string;
  environment: Record<string, string>;
  received(message: FromProcess): void;
  exited(how: string): void;
}) => Spawned;

export const spawnProcess: Spawn = (options) => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "process.ts")], {
    cwd: options.root,
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "inherit", "inherit"],
    serialization: "advanced",
    ipc(message: Partial<Envelope<FromProcess>> | null) {
      if (message?.nuvom) options.received(message.nuvom);
    },
    onExit(_, exitCode, signal) {
      options.exited(signal ? `signal ${signalName(signal)}` : `exit code ${exitCode}`);
    },
  });
  return {
    pid: child.pid,
    send(message) {
      try {
        child.send({ nuvom: message } satisfies Envelope<ToProcess>);
      } catch {
        // It has died, and `exited` is about to say so.
      }
    },
    kill: () => child.kill("SIGKILL"),
  };
};

function signalName(signal: number | string): string {
  if (typeof signal === "string") return signal;
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? String(signal);
}
