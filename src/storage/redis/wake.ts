import type { RedisAddress } from "./address.ts";
import { Connection } from "./connection.ts";

/** For how long one command waits: a worker that serves every queue hears of new ones at the latest after it. */
const longestWait = 5_000;

/** Between attempts while Redis is away. */
const pauseAfterFailure = 250;

export interface WakeLine {
  /** Returns the function that ends it; see `Storage.onWake`. */
  listen(callback: () => void): (unused?: boolean) => void;
  close(): void;
}

/**
 * Waits for wake tokens of some queues on a connection of its own, as a command that waits holds up all others. A
 * token wakes one handle of those that wait, the one that has waited longest.
 *
 * @param lists the keys that hold the tokens.
 * @param giveBack puts a token back that came when nobody listened any more.
 */
export function openWakeLine(
  address: RedisAddress,
  lists: readonly string[],
  giveBack: (key: string) => Promise<unknown>,
): WakeLine {
  const connection = new Connection(address);
  const listeners = new Set<() => void>();
  let waiting = false;
  let closed = false;
  let lastToken: string | null = null;

  function notify() {
    for (const listener of [...listeners]) listener();
  }

  async function wait() {
    if (waiting) return;
    waiting = true;
    while (listeners.size > 0 && !closed) {
      try {
        const wait = String(longestWait / 1000);
        const token: [key: string, token: string] | null = await connection.use(
          (client) => client.send("BLPOP", [...lists, wait]),
          { repeatable: false, blocks: longestWait },
        );
        if (!token) continue;
        [lastToken] = token;
        if (listeners.size === 0) await giveBack(lastToken);
        else notify();
      } catch {
        // Whoever is woken meets the same trouble and reports it; and a token may have been lost.
        if (closed) return;
        notify();
        await Bun.sleep(pauseAfterFailure);
      }
    }
    waiting = false;
  }

  return {
    listen(callback) {
      const listener = () => callback();
      listeners.add(listener);
      void wait();
      return (unused = false) => {
        if (!listeners.delete(listener) || !unused || !lastToken) return;
        // Should it fail, Redis is away, and everybody is woken when it is back.
        giveBack(lastToken).catch(() => {});
      };
    },
    close() {
      closed = true;
      connection.close();
    },
  };
}
