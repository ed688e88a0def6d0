import { join } from "node:path";
import { until } from "./until.ts";
import { fixtures } from "./worker.ts";

const main = join(import.meta.dir, "../../cli/main.ts");

interface TerminalOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Called with all that was written so far; what it returns is typed. */
  type?: (text: string) => string | null;
}

/** Runs the command line on a terminal of so many columns, and returns what it wrote there. */
export async function onTerminal(columns: number, args: string[], options: TerminalOptions = {}) {
  await using program = startOnTerminal({ columns, rows: 24 }, args, options);
  const exitCode = await program.ended;
  return { text: program.text.replaceAll("\r\n", "\n"), exitCode };
}

/** Starts the command line on a terminal; it is killed with the test's scope at the latest. */
export function startOnTerminal(
  { columns, rows }: { columns: number; rows: number },
  args: string[],
  { cwd = fixtures, env, type }: TerminalOptions = {},
) {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  let text = "";
  const program = Bun.spawn([process.execPath, main, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "", ...env },
    terminal: {
      cols: columns,
      rows,
      data(terminal, bytes) {
        text += decoder.decode(bytes, { stream: true });
        const typed = type?.(text);
        if (typed) terminal.write(typed);
      },
      exit: () => resolve(),
    },
  });
  const terminal = program.terminal!;
  const modes = () => [terminal.inputFlags, terminal.outputFlags, terminal.localFlags];
  const modesBefore = modes();
  const drawn = () => frames(text).at(-1) ?? [];
  return {
    program,
    terminal,
    /** All that it has written so far. */
    get text() {
      return text;
    },
    /** The lines that it has drawn last. */
    drawn,
    /** Resolves with what is drawn, without colours, as soon as that matches. */
    async shows(expected: RegExp): Promise<string> {
      const plain = () => Bun.stripANSI(drawn().join("\n"));
      try {
        await until(async () => expected.test(plain()), 20_000);
      } catch {
        throw new Error(`${expected} is not shown:\n${plain()}`);
      }
      return plain();
    },
    /** Whether the terminal takes keys as it did before the program began. */
    isAsBefore: () => Bun.deepEquals(modes(), modesBefore),
    /** Resolves with the exit code when all that it wrote is there. */
    ended: program.exited.then(async (exitCode) => {
      await closed;
      return exitCode;
    }),
    async [Symbol.asyncDispose]() {
      program.kill("SIGKILL");
      await program.exited;
    },
  };
}

/** What was drawn by placing each line of the terminal, picture by picture. */
export function frames(text: string): string[][] {
  return text
    .split("\x1b[?2026h")
    .slice(1)
    .filter((frame) => frame.includes("\x1b[?2026l"))
    .map((frame) => {
      const lines = frame.split("\x1b[?2026l")[0]!.split("\x1b[K");
      // Each ends with the place of the next.
      const before = lines.map((line, row) => line.replace(`\x1b[${row + 1};1H`, ""));
      return before.slice(1);
    });
}
