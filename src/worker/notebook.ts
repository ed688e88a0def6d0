import { decode, encode } from "../codec.ts";
import type { Job, JobNotes, Progress } from "../job.ts";

/** What is kept of the output of a job: the last of its lines, and no more characters than this. */
const mostLines = 100;
const mostCharacters = 16 * 1024;
const longestLine = 2 * 1024;

/** What a job says while it runs, after what it said in earlier attempts. */
export class Notebook {
  readonly #notes: JobNotes;
  readonly #attempt: number;
  /** Whether the storage has yet to hear of the last words. */
  isNew = false;

  constructor({ attempt, notes }: Job) {
    this.#attempt = attempt;
    const output = notes ? (decode(notes) as JobNotes).output : [];
    this.#notes = { progress: null, output };
  }

  print(lines: readonly string[], at: number): void {
    const { output } = this.#notes;
    for (const line of lines) {
      const text = line.length > longestLine ? `${line.slice(0, longestLine)}… [cut]` : line;
      output.push({ at, attempt: this.#attempt, text: text.toWellFormed() });
    }
    let characters = 0;
    const kept = output.findLastIndex(({ text }, index) => {
      characters += text.length;
      return characters > mostCharacters || output.length - index > mostLines;
    });
    output.splice(0, kept + 1);
    this.isNew = true;
  }

  tell(progress: Progress): void {
    this.#notes.progress = progress;
    this.isNew = true;
  }

  /** For the storage. */
  encoded(): Uint8Array {
    return encode(this.#notes, { root: "notes", limit: Number.POSITIVE_INFINITY });
  }
}
