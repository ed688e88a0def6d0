/**
 * What the programs of the soak write down, each as it happens: files of JSON documents, one a line. The checker believes
 * these and the storage, and nothing that a worker says of itself but its events.
 */
import { appendFileSync, closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import type { JobState } from "../../src/index.ts";

/** The files of a soak in its folder. */
export function journals(folder: string) {
  const file = (name: string) => join(folder, `${name}.jsonl`);
  return {
    executions: file("executions"),
    requests: file("requests"),
    chaos: file("chaos"),
    events: file("events"),
  };
}

/** What an execution says of itself. `worker` and `pid` are the system's ids of the worker and of the process. */
export type ExecutionEntry =
  | {
      kind: "begin";
      /** Names the execution; part of its result. */
      token: string;
      id: string;
      task: string;
      attempt: number;
      runAt: number;
      worker: number;
      pid: number;
      at: number;
    }
  | { kind: "end"; token: string; threw: boolean; at: number };

/** What a producer asked for, written when the answer was there; a cancellation also before. */
export type RequestEntry =
  | { kind: "enqueued"; id: string; task: string; key: string | null; existing: boolean; at: number }
  | { kind: "not confirmed"; task: string; error: string; at: number }
  | { kind: "cancelling"; id: string; at: number }
  | { kind: "cancelled"; id: string; was: JobState | null; at: number };

/** What was done to the programs. */
export type ChaosEntry =
  | { kind: "process killed"; worker: number; pid: number; at: number }
  | {
      kind: "worker killed" | "worker stopped" | "worker continued" | "worker asked to end";
      worker: number;
      at: number;
    }
  | { kind: "worker started"; worker: number; concurrency: number; at: number }
  | { kind: "worker ended"; worker: number; code: number | null; at: number }
  | { kind: "server killed" | "server started" | "held queue resumed"; at: number }
  /** With nobody doing harm any more, whether all that was left was done in time. */
  | { kind: "all done" | "not all done"; at: number };

/** An event of a worker. */
export interface EventEntry {
  type: string;
  worker: number;
  id?: string;
  at: number;
}

/** Adds a line with one write, which the system appends as a whole whoever else writes. */
export function note<Entry extends object>(file: string, entry: Entry): void {
  appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

export function entriesIn<Entry>(file: string): Entry[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map(parse<Entry>);
}

/** Returns what has been added to a file since the last call. */
export function follow<Entry>(file: string): () => Entry[] {
  let offset = 0;
  return () => {
    if (!existsSync(file)) return [];
    const descriptor = openSync(file, "r");
    const bytes = Buffer.alloc(fstatSync(descriptor).size - offset);
    const read = readSync(descriptor, bytes, 0, bytes.length, offset);
    closeSync(descriptor);
    const text = bytes.subarray(0, bytes.subarray(0, read).lastIndexOf("\n") + 1);
    offset += text.length;
    return text
      .toString()
      .split("\n")
      .filter(Boolean)
      .map(parse<Entry>);
  };
}

function parse<Entry>(line: string): Entry {
  return JSON.parse(line);
}
