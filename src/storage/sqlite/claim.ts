import type { Job } from "../../job.ts";
import { claimBytes } from "../storage.ts";
import { asRunning } from "../transitions.ts";
import { type JobRow, toJob } from "./rows.ts";
import type { prepareStatements } from "./statements.ts";

/** Takes jobs for a worker, but not so many that their inputs are too large to be moved at once. */
export function claiming(
  { claim }: ReturnType<typeof prepareStatements>["change"],
  worker: string,
  now: number,
) {
  const claimed: Job[] = [];
  let bytes = 0;
  let isFull = false;

  /** Takes what it can of these rows, which are read one by one. Returns whether it could take more. */
  function take(rows: Iterable<JobRow & { rowid: number }>): boolean {
    const taken: number[] = [];
    for (const row of rows) {
      bytes += row.input.length;
      isFull = bytes > claimBytes && claimed.length > 0;
      if (isFull) break;
      taken.push(row.rowid);
      claimed.push(asRunning(toJob(row), worker, now));
    }
    // A statement that also returned the rows would copy each.
    if (taken.length > 0) claim.run(worker, now, JSON.stringify(taken));
    return !isFull;
  }

  return { claimed, take };
}
