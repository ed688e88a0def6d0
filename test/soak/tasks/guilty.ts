/** Tasks that fail, crash, hang, or go on until they are cancelled. */
import { task } from "nuvom";
import { executed } from "../execution.ts";

const soon = { base: "20ms" } as const;

export const flaky = task("flaky", {
  keep: "forever",
  retry: { attempts: 5, ...soon },
  run: (_: unknown, context) =>
    executed("flaky", context, () => {
      if (context.attempt < 3) throw new TypeError(`attempt ${context.attempt} fails`);
    }),
});

export const broken = task("broken", {
  keep: "forever",
  retry: { attempts: 3, ...soon },
  run: (_: unknown, context) =>
    executed("broken", context, () => {
      throw new RangeError("always");
    }),
});

export const exits = task("exits", {
  keep: "forever",
  retry: { attempts: 2, ...soon },
  run: (_: unknown, context) => executed("exits", context, () => process.exit(3)),
});

export const killed = task("killed", {
  keep: "forever",
  retry: { attempts: 1 },
  run: (_: unknown, context) =>
    executed("killed", context, () => {
      process.kill(process.pid, "SIGKILL");
      for (;;);
    }),
});

export const aborts = task("aborts", {
  keep: "forever",
  retry: { attempts: 1 },
  run: (_: unknown, context) => executed("aborts", context, () => process.abort()),
});

/** An endless loop. */
export const hangs = task("hangs", {
  keep: "forever",
  timeout: "200ms",
  retry: { attempts: 1 },
  run: (_: unknown, context) =>
    executed("hangs", context, () => {
      for (;;);
    }),
});

/** Deaf to its signal. */
export const stuck = task("stuck", {
  keep: "forever",
  timeout: "200ms",
  retry: { attempts: 1 },
  run: (_: unknown, context) => executed("stuck", context, () => new Promise(() => {})),
});

/** Ends when its signal says so. */
export const overdue = task("overdue", {
  keep: "forever",
  timeout: "200ms",
  retry: { attempts: 2, ...soon },
  run: (_: unknown, context) => executed("overdue", context, () => untilAborted(context.signal)),
});

/** Goes on until it is cancelled. */
export const endless = task("endless", {
  keep: "forever",
  timeout: "none",
  run: (_: unknown, context) => executed("endless", context, () => untilAborted(context.signal)),
});

async function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.throwIfAborted();
  signal.addEventListener("abort", () => reject(signal.reason));
  // A promise alone would not keep a program alive.
  await Promise.race([promise, Bun.sleep(3_600_000)]);
}
