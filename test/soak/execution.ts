import type { JobContext } from "../../src/index.ts";
import { type ExecutionEntry, note } from "./journal.ts";

/** The result of every task that ends well. */
export interface Executed {
  token: string;
  bytes?: Uint8Array;
}

/** Runs the work between two lines of the journal. The first is written before anything else can happen. */
export async function executed(
  task: string,
  { id, attempt, runAt }: JobContext,
  work: () => void | Promise<void>,
): Promise<Executed> {
  const token = Bun.randomUUIDv7();
  const write = (entry: ExecutionEntry) => note(process.env.NUVOM_SOAK_EXECUTIONS!, entry);
  const place = { worker: process.ppid, pid: process.pid };
  write({ kind: "begin", token, id, task, attempt, runAt, ...place, at: Date.now() });
  let threw = true;
  try {
    await work();
    threw = false;
    return { token };
  } finally {
    write({ kind: "end", token, threw, at: Date.now() });
  }
}
