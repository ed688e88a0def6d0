import type { Size } from "./frame.ts";

/** The other screen of the terminal, on which a line that is too long does not go on in the next; no cursor. */
const enter = "\x1b[?1049h\x1b[?7l\x1b[?25l";
const restore = "\x1b[?25h\x1b[?7h\x1b[?1049l";

/** Between the two, a terminal that knows them shows nothing new. */
const beginFrame = "\x1b[?2026h";
const endFrame = "\x1b[?2026l";

const leaving = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Takes the terminal until it is closed, or until the program ends, however that happens.
 * @param changed called when its size has changed, or somebody wants to leave: by q, Ctrl-C or a signal.
 */
export function openScreen(changed: () => void) {
  const { stdin, stdout } = process;
  let isOpen = true;
  let isLeft = false;
  let isWriting = false;

  function leave() {
    isLeft = true;
    changed();
  }

  function onKeys(keys: Buffer) {
    // A terminal that passes on every key sends no signal for Ctrl-C.
    if (["q", "Q", "\x03"].some((key) => keys.includes(key))) leave();
  }

  function close() {
    if (!isOpen) return;
    isOpen = false;
    stdout.write(restore);
    if (stdin.isTTY) stdin.setRawMode(false).off("data", onKeys).pause();
  }

  process.on("exit", close);
  for (const signal of leaving) process.on(signal, leave);
  // A terminal that is gone without a word.
  stdout.on("error", leave).on("resize", changed).write(enter);
  if (stdin.isTTY) stdin.setRawMode(true).on("data", onKeys);

  return {
    get isLeft() {
      return isLeft;
    },
    get size(): Size {
      return { columns: stdout.columns || 80, rows: stdout.rows || 24 };
    },
    /** Each line in its place, all in one write. A terminal that is slow misses some frames, and none comes late. */
    draw(lines: readonly string[]) {
      if (isWriting) return;
      isWriting = true;
      const placed = lines.map((line, row) => `\x1b[${row + 1};1H\x1b[K${line}`);
      stdout.write(beginFrame + placed.join("") + endFrame, () => {
        isWriting = false;
      });
    },
    close,
  };
}
