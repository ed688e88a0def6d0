import { closeSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Decoder, Encoder } from "@msgpack/msgpack";
import type { Report } from "./protocol.ts";

/** What is noted of a job that succeeded. */
type Entry = [execution: string, result: Uint8Array, duration: number];

/** The variable that tells a process where its journal is. */
export const journalVariable = "NUVOM_JOURNAL";

const size = 64 * 1024;
/** In bytes. Those of other reports are sent at once. */
const largestResult = 1_024;
/** How often it was cleared, and how many bytes it has behind this header. */
const header = { clearedAt: 0, lengthAt: 4, size: 8 };

/**
 * Reports that a process has not sent yet, in a file that is mapped into its memory: however it dies, they are there for
 * its worker. So it need not send each before it begins the next job.
 */
export interface Journal {
  /** Takes the small report of a job that succeeded, if there is room for it. Returns whether it did. */
  note(report: Report): boolean;
  /** What was noted since it was last cleared, for {@link reportsIn}. */
  content(): Uint8Array;
  clear(): void;
}

const encoder = new Encoder();
const decoder = new Decoder();

/** The journal of this program, if it is a process that has one and can map it. */
export function ownJournal(): Journal | null {
  const path = process.env[journalVariable];
  delete process.env[journalVariable];
  try {
    return path ? journalIn(Bun.mmap(path)) : null;
  } catch {
    return null;
  }
}

function journalIn(memory: Uint8Array): Journal {
  const view = new DataView(memory.buffer, memory.byteOffset);
  let end = header.size;
  let cleared = 0;
  return {
    note(report) {
      if (report.kind !== "succeeded" || report.result.length > largestResult) return false;
      const { execution, result, duration } = report;
      const bytes = encoder.encodeSharedRef([execution, result, duration] satisfies Entry);
      if (end + bytes.length > size) return false;
      memory.set(bytes, end);
      end += bytes.length;
      view.setUint32(header.lengthAt, end - header.size);
      return true;
    },
    content: () => memory.slice(header.size, end),
    clear() {
      end = header.size;
      view.setUint32(header.lengthAt, 0);
      view.setUint32(header.clearedAt, ++cleared);
    },
  };
}

export function reportsIn(content: Uint8Array): Report[] {
  const reports: Report[] = [];
  for (const [execution, result, duration] of decoder.decodeMulti(content) as Iterable<Entry>) {
    reports.push({ execution, kind: "succeeded", result, duration });
  }
  return reports;
}

/** What a worker has of the journal of a process. */
export interface JournalReader {
  path: string;
  /** To be called once the process has opened it: from then on it is gone when both are. */
  unlink(): void;
  /** What the process has not sent yet; nothing if it writes just now. */
  read(): Report[];
  close(): void;
}

/** `null` where the system has no place for it: the process then sends each report by itself. */
export function createJournal(): JournalReader | null {
  const path = join(tmpdir(), `nuvom-${crypto.randomUUID()}.journal`);
  const unlink = () => rmSync(path, { force: true });
  let file: number;
  try {
    // Written, as there might be no room any more for what is only mapped.
    writeFileSync(path, new Uint8Array(size), { mode: 0o600, flag: "wx" });
    file = openSync(path, "r");
  } catch {
    unlink();
    return null;
  }

  function bytes(from: number, length: number): Buffer {
    const buffer = Buffer.alloc(length);
    readSync(file, buffer, 0, length, from);
    return buffer;
  }

  return {
    path,
    unlink,
    read() {
      const before = bytes(0, header.size);
      const content = bytes(header.size, before.readUInt32BE(header.lengthAt));
      const isCleared = bytes(header.clearedAt, 4).compare(before, 0, 4) !== 0;
      return isCleared ? [] : reportsIn(content);
    },
    close() {
      unlink();
      closeSync(file);
    },
  };
}
