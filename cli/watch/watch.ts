import type { Storage } from "../../src/index.ts";
import { frame } from "./frame.ts";
import { type Look, look } from "./look.ts";
import { recent } from "./rates.ts";
import { openScreen } from "./screen.ts";

/** In milliseconds: how often what is shown grows older, and for how long a storage need not answer. */
const tick = 1_000;
const patience = 1_000;

/** A look that takes long is paid for by looking less often, but not for longer than this. */
const longestRest = 5_000;

/**
 * Shows what happens in the storage on the terminal, until somebody leaves.
 * @param interval milliseconds between two looks.
 * @throws StorageError if the storage does not answer at first. Afterwards it is waited for.
 */
export async function watch(storage: Storage, name: string, interval: number): Promise<void> {
  let looks: Look[] = [await look(storage)];
  let failure: string | null = null;
  let askedAt: number | null = null;
  let lookAt = performance.now() + interval;
  let wake = () => {};

  async function ask() {
    const began = performance.now();
    askedAt = began;
    let rest = interval;
    try {
      looks = recent(looks, await look(storage, looks.at(-1)));
      failure = null;
      rest = Math.max(interval, Math.min(longestRest, 5 * (performance.now() - began)));
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    lookAt = performance.now() + rest;
    askedAt = null;
    wake();
  }

  const screen = openScreen(() => wake());
  try {
    while (!screen.isLeft) {
      const now = performance.now();
      if (askedAt === null && now >= lookAt) void ask();
      const isSilent = askedAt !== null && now > askedAt + patience;
      const problem = failure ?? (isSilent ? "it takes its time" : null);
      screen.draw(frame({ storage: name, looks, problem }, screen.size, Date.now()));
      const { promise: woken, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const pause = askedAt === null ? Math.max(0, Math.min(tick, lookAt - now)) : tick;
      await Promise.race([woken, Bun.sleep(pause)]);
    }
  } finally {
    screen.close();
  }
}
