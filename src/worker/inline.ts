import type { Hooks } from "../hooks.ts";
import { Executor } from "./executor.ts";
import type { FromProcess } from "./protocol.ts";
import type { Spawn } from "./spawn.ts";

/**
 * In place of a process: runs jobs in this program. To kill it is to forget it: what it runs goes on, and nobody hears of
 * it any more.
 */
export const spawnInline =
  (hooks?: Hooks): Spawn =>
  ({ received, exited }) => {
    let isForgotten = false;
    const send = (message: FromProcess) =>
      queueMicrotask(() => {
        if (!isForgotten) received(message);
      });
    const sendThen = (message: FromProcess, callback: () => void) => {
      send(message);
      queueMicrotask(() => {
        if (!isForgotten) callback();
      });
    };
    const executor = new Executor({ sendThen, journal: null }, hooks);
    send({ type: "ready" });
    return {
      pid: process.pid,
      send: (message) => executor.receive(message),
      catchUp: () => true,
      kill() {
        if (isForgotten) return;
        isForgotten = true;
        queueMicrotask(() => exited("left alone in the worker's own process", false));
      },
    };
  };
