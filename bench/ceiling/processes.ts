import { join } from "node:path";

/** A job as the bare child processes get it, and what they send back. */
export type BareJob = [key: string | number, input: Uint8Array];
export type BareResult = [key: string | number, result: Uint8Array];

/** How many jobs cross to a process in one message, of which it has two. */
const batch = 256;

/**
 * Two child processes that run what they are sent, batch by batch: what is left of isolation without anything that makes
 * it safe. `next` fetches up to so many jobs and stores the results of others, in one step.
 */
export function bareProcesses(
  next: (limit: number, results: BareResult[]) => BareJob[] | Promise<BareJob[]>,
) {
  let results: BareResult[] = [];
  let open = 0;
  let turning = false;
  let finished: (() => void) | null = null;
  const children = Array.from({ length: 2 }, () => {
    const child = {
      load: 0,
      process: Bun.spawn([process.execPath, join(import.meta.dir, "child.ts")], {
        stdio: ["ignore", "inherit", "inherit"],
        serialization: "advanced",
        ipc(done: BareResult[]) {
          child.load -= done.length;
          results.push(...done);
          void turn();
        },
      }),
    };
    return child;
  });

  async function turn(): Promise<void> {
    if (turning) return;
    turning = true;
    for (;;) {
      const room = children.filter(({ load }) => load <= batch);
      const stored = results;
      if (room.length === 0 || (open === 0 && stored.length === 0)) break;
      results = [];
      const jobs = await next(room.length * batch, stored);
      open -= stored.length;
      if (open === 0) finished?.();
      for (const [place, child] of room.entries()) {
        const share = jobs.slice(place * batch, (place + 1) * batch);
        if (share.length === 0) continue;
        child.load += share.length;
        child.process.send(share);
      }
      // Results may have come in meanwhile, and nobody else would store them.
      if (jobs.length === 0 && results.length === 0) break;
      // Lets what the processes have sent come in.
      await new Promise((resolve) => setImmediate(resolve));
    }
    turning = false;
  }

  return {
    async drain(count: number): Promise<void> {
      open = count;
      const { promise, resolve } = Promise.withResolvers<void>();
      finished = resolve;
      void turn();
      await promise;
    },
    close() {
      for (const child of children) child.process.kill();
    },
  };
}
