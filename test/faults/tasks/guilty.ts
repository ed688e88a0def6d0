/** Tasks that do to their process what no task should. */
import { closeSync, writeFileSync } from "node:fs";
import { task } from "nuvom";

/** One attempt is enough to see what becomes of it. */
const once = { retry: { attempts: 1 } } as const;

/** Of those that do not end by themselves. */
const endless = { ...once, timeout: "400ms" } as const;

export const loops = task("loops", {
  ...endless,
  run: () => {
    for (;;);
  },
});

export const waits = task("waits", {
  ...endless,
  run: () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});

export const neverSettles = task("never-settles", { ...endless, run: () => new Promise(() => {}) });

export const stopsItself = task("stops-itself", {
  ...endless,
  run: async () => {
    process.kill(process.pid, "SIGSTOP");
    await new Promise(() => {});
  },
});

/** Waits for a program that cannot be asked to end, whose id it writes down. */
export const startsDeafProgram = task("starts-deaf-program", {
  ...endless,
  async run({ file }: { file: string }) {
    const program = Bun.spawn(["sh", "-c", 'trap "" TERM INT HUP; while :; do sleep 1; done']);
    writeFileSync(file, String(program.pid));
    await program.exited;
  },
});

export const exits = task("exits", { ...once, run: () => process.exit(0) });
export const aborts = task("aborts", { ...once, run: () => process.abort() });
export const kills = task("kills", {
  ...once,
  run: () => {
    process.kill(process.pid, "SIGKILL");
    for (;;);
  },
});
export const segfaults = task("segfaults", {
  ...once,
  run: () => {
    process.kill(process.pid, "SIGSEGV");
    for (;;);
  },
});

export const disconnects = task("disconnects", {
  ...once,
  run: async () => {
    process.disconnect?.();
    await new Promise(() => {});
  },
});

/** Speaks for its process, and says nothing that can be understood. */
export const forges = task("forges", {
  ...once,
  run: async () => {
    process.send?.({ nuvom: { type: "report" } });
    await new Promise(() => {});
  },
});

/** Uses memory, really, without end. */
export const devours = task("devours", {
  ...once,
  async run() {
    const all: Uint8Array[] = [];
    for (;;) {
      all.push(new Uint8Array(8 * 1024 * 1024).fill(1));
      await Bun.sleep(1);
    }
  },
});

export const leavesRejection = task("leaves-rejection", {
  ...once,
  run: () => {
    setTimeout(() => void Promise.reject(new Error("nobody awaits this")), 20);
  },
});

export const leavesTimer = task("leaves-timer", {
  ...once,
  run: () => {
    setTimeout(() => {
      throw new Error("nobody catches this");
    }, 20);
  },
});

export const returnsTooMuch = task("returns-too-much", {
  ...once,
  run: () => new Uint8Array(2 * 1024 * 1024),
});
export const returnsFunction = task("returns-function", { ...once, run: () => ({ callback: () => {} }) });

export const floods = task("floods", {
  ...once,
  run: () => {
    for (let i = 0; i < 5_000; i++) {
      console.log(`line ${i}`);
      process.send?.({ nuvom: { type: "nonsense", i } });
    }
  },
});

export const closesOutput = task("closes-output", {
  ...once,
  run: () => {
    closeSync(1);
    closeSync(2);
    console.log("nobody reads this");
  },
});

export const replacesGlobals = task("replaces-globals", {
  ...once,
  run: () => {
    const broken = () => {
      throw new Error("replaced");
    };
    Date.now = broken;
    Math.random = broken;
    performance.now = broken;
    JSON.stringify = broken;
    console.log = broken;
    process.send = broken;
  },
});
