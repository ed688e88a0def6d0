import { LeaseLostError, NuvomError, type Storage, StorageError, StorageUnavailableError } from "nuvom";
import { type Answer, decode, encode, type Method, mayRepeat } from "./wire.ts";

/** Between two attempts, in milliseconds. */
const pause = 100;

/**
 * Opens a handle on the storage that another program serves with `serveStorage`. It connects when it is first used,
 * and anew whenever that is needed.
 * @param url such as `http://jobs.example:7070`
 * @param patience how many milliseconds a call waits for the server: less than the lease of a worker.
 */
export function openRemote(url: string, token: string, patience = 5_000): Storage {
  const headers = { Authorization: `Bearer ${token}` };
  const listeners = new Set<() => void>();
  let wakes: WebSocket | undefined;
  let closed = false;

  async function call(method: Method, parameters: unknown[]): Promise<unknown> {
    // Now, as the caller may change what it gave when this has returned.
    const body = encode(parameters);
    const deadline = performance.now() + patience;
    for (;;) {
      assertOpen();
      try {
        const signal = AbortSignal.timeout(Math.max(0, deadline - performance.now()));
        const response = await fetch(`${url}/${method}`, { method: "POST", headers, body, signal });
        return unpack(response, await response.text(), parameters);
      } catch (error) {
        if (error instanceof NuvomError) throw error;
        const { code, message } = error as Error & { code?: unknown };
        const neverArrived = code === "ECONNREFUSED" || code === "ENOTFOUND";
        const isHarmless = neverArrived || mayRepeat[method];
        if (!isHarmless || performance.now() + pause > deadline) {
          // Should the machine be gone without a word, a connection that only listens would wait for ever.
          wakes?.terminate();
          const effect = isHarmless ? "" : "; whether the call took effect is not known";
          throw new StorageUnavailableError(url, message + effect, { cause: error });
        }
      }
      await Bun.sleep(pause);
    }
  }

  /** @throws what the storage of the server has thrown. */
  function unpack({ ok, status }: Response, text: string, parameters: unknown[]): unknown {
    // Such as that of a proxy: only from 500 on, waiting may help.
    const kind = status < 500 ? "STORAGE" : "STORAGE_UNAVAILABLE";
    const answer = ok ? decode<Answer>(text) : { error: { code: kind, message: `${status} ${text}` } };
    if (!("error" in answer)) return answer.value;
    const { code, message } = answer.error;
    if (code === "LEASE_LOST") throw new LeaseLostError(String(parameters[0]));
    if (code === "STORAGE_UNAVAILABLE") throw new StorageUnavailableError(url, message);
    throw new StorageError(`storage ${url}: ${message}`, undefined, code);
  }

  function listen(): WebSocket {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/wakes`, { headers });
    socket.onmessage = () => {
      for (const listener of [...listeners]) listener();
    };
    socket.onclose = async () => {
      await Bun.sleep(pause);
      if (!closed) wakes = listen();
    };
    return socket;
  }

  function assertOpen() {
    if (closed) throw new StorageError(`storage ${url} is closed: open another handle`);
  }

  const calls = (Object.keys(mayRepeat) as Method[]).map((method) => {
    return [method, (...parameters: unknown[]) => call(method, parameters)];
  });
  return {
    ...(Object.fromEntries(calls) as Pick<Storage, Method>),

    onWake(_queues, callback) {
      assertOpen();
      wakes ??= listen();
      const listener = () => callback();
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async close() {
      closed = true;
      wakes?.terminate();
    },
  };
}
