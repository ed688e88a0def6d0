/** Tasks that never do harm: whatever happens around them, no attempt of theirs may be charged. */
import { task } from "nuvom";
import { executed } from "../execution.ts";

export const quick = task("quick", {
  keep: "forever",
  run: (_: unknown, context) => executed("quick", context, () => {}),
});

/** Gives way while it waits. */
export const slow = task("slow", {
  keep: "forever",
  run: ({ milliseconds }: { milliseconds: number }, context) =>
    executed("slow", context, () => Bun.sleep(milliseconds)),
});

/** Gives way to nobody. */
export const busy = task("busy", {
  keep: "forever",
  run: (_: unknown, context) =>
    executed("busy", context, () => {
      Bun.sleepSync(150);
    }),
});

export const large = task("large", {
  keep: "forever",
  run: async (_: unknown, context) => ({
    ...(await executed("large", context, () => {})),
    bytes: new Uint8Array(300_000),
  }),
});

/** One at a time for each key. */
export const single = task("single", {
  keep: "forever",
  run: (_: unknown, context) => executed("single", context, () => Bun.sleep(100)),
});

/** Its queue is paused until the end. */
export const held = task("held", {
  keep: "forever",
  queue: "held",
  run: (_: unknown, context) => executed("held", context, () => {}),
});

export const ticked = task("ticked", {
  keep: "forever",
  run: (_: unknown, context) => executed("ticked", context, () => {}),
});

export const recurring = task("recurring", {
  keep: "forever",
  every: "2s",
  run: (_: unknown, context) => executed("recurring", context, () => {}),
});
