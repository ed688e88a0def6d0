import { Console } from "node:console";
import { Writable } from "node:stream";

// A task may replace it for its own purposes.
const clock = performance.now.bind(performance);

/** What a process passes on to its worker within a second, which the worker must be able to keep up with. */
const linesPerSecond = 1_000;
const charactersPerSecond = 256 * 1024;
const longestLine = 8 * 1024;

/** What jobs print, line by line; too much of it is left out, and how much is told. */
export class Output {
  #windowEnd = 0;
  #linesLeft = 0;
  #charactersLeft = 0;
  /** How many lines of each were left out since the last that was not. */
  readonly #leftOut = new Map<string | null, number>();

  /** @param send takes lines of an execution of a job, or of no job. */
  constructor(private readonly send: (execution: string | null, lines: string[]) => void) {}

  print(execution: string | null, text: string): void {
    if (clock() >= this.#windowEnd) this.#openWindow();
    const lines = text.split("\n").map(cut);
    const fitting = lines.slice(0, Math.max(0, this.#linesLeft));
    const characters = fitting.reduce((sum, line) => sum + line.length, 0);
    if (fitting.length < lines.length || characters > this.#charactersLeft) {
      this.#leftOut.set(execution, (this.#leftOut.get(execution) ?? 0) + lines.length);
      return;
    }
    this.#linesLeft -= lines.length;
    this.#charactersLeft -= characters;
    this.end(execution);
    this.send(execution, lines);
  }

  /** To be called when a job has ended. */
  end(execution: string | null): void {
    const count = this.#leftOut.get(execution);
    if (count === undefined) return;
    this.#leftOut.delete(execution);
    this.send(execution, [`… ${count} lines left out: too much was printed at once`]);
  }

  #openWindow(): void {
    this.#windowEnd = clock() + 1_000;
    this.#linesLeft = linesPerSecond;
    this.#charactersLeft = charactersPerSecond;
  }
}

function cut(line: string): string {
  return line.length <= longestLine ? line : `${line.slice(0, longestLine)}… [cut]`;
}

/** Has `print` take what is written by `console`, without the end of its last line. */
export function captureConsole(print: (text: string) => void): void {
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      print(text.replace(/\n$/, ""));
      done();
    },
  });
  const captured = new Console({ stdout: stream, stderr: stream, colorMode: false });
  const methods = Object.entries(captured).filter(([, value]) => typeof value === "function");
  Object.assign(console, Object.fromEntries(methods));
}
