import { join } from "node:path";
import { fixtures } from "./worker.ts";

const main = join(import.meta.dir, "../../cli/main.ts");

interface TerminalOptions {
  env?: Record<string, string>;
  /** Called with all that was written so far; what it returns is typed. */
  type?: (text: string) => string | null;
}

/** Runs the command line on a terminal of so many columns, and returns what it wrote there. */
export async function onTerminal(columns: number, args: string[], options: TerminalOptions = {}) {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  let text = "";
  const program = Bun.spawn([process.execPath, main, ...args], {
    cwd: fixtures,
    env: { ...process.env, NO_COLOR: "", ...options.env },
    terminal: {
      cols: columns,
      data: (terminal, bytes) => {
        text += decoder.decode(bytes, { stream: true });
        const typed = options.type?.(text);
        if (typed) terminal.write(typed);
      },
      exit: () => resolve(),
    },
  });
  const exitCode = await program.exited;
  await ended;
  return { text: text.replaceAll("\r\n", "\n"), exitCode };
}
