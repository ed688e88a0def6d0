import type { WorkerEvent } from "nuvom";

/** A progress bar on a terminal; a line at each quarter elsewhere. */
export class Progress {
  #done = 0;

  constructor(private readonly total: number) {}

  advance(): void {
    this.#done++;
    const { total } = this;
    if (process.stdout.isTTY) {
      const filled = Math.round((40 * this.#done) / total);
      process.stdout.write(`\r[${"#".repeat(filled)}${".".repeat(40 - filled)}] ${this.#done}/${total}`);
      if (this.#done === total) process.stdout.write("\n");
    } else if (Math.floor((4 * this.#done) / total) > Math.floor((4 * (this.#done - 1)) / total)) {
      console.log(`${this.#done}/${total}`);
    }
  }
}

/** Counts what a worker tells. */
export class Tally {
  readonly rows = new Map<
    string,
    { succeeded: number; retried: number; failed: number; milliseconds: number }
  >();

  readonly note = (event: WorkerEvent): void => {
    if (event.type !== "succeeded" && event.type !== "retry" && event.type !== "failed") return;
    const row = this.rows.get(event.task) ?? { succeeded: 0, retried: 0, failed: 0, milliseconds: 0 };
    this.rows.set(event.task, row);
    if (event.type === "retry") row.retried++;
    else row[event.type]++;
    if (event.type === "succeeded") row.milliseconds += event.duration;
  };
}

export function summary({ rows }: Tally): string {
  const header = ["TASK", "SUCCEEDED", "RETRIED", "FAILED", "MEAN TIME"];
  const lines = [...rows].map(([task, { succeeded, retried, failed, milliseconds }]) => {
    const mean = succeeded > 0 ? `${(milliseconds / succeeded).toFixed(1)} ms` : "";
    return [task, String(succeeded), String(retried), String(failed), mean];
  });
  return [header, ...lines]
    .map((cells) =>
      cells
        .map((cell) => cell.padEnd(14))
        .join("")
        .trimEnd(),
    )
    .join("\n");
}
