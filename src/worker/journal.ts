import { closeSync, existsSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
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
/** Numbers of 32 bits: how often it was cleared, how many bytes it has behind them, how many messages were sent. */
const header = { cleared: 0, length: 1, sent: 2, size: 12 };

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
  /** To be called before each message is sent: what is noted from then on comes after it. */
  sending(): void;
}

const encoder = new Encoder();
const decoder = new Decoder();

/** The journal of this program, if it is a process that has one and can map it. */
export function ownJournal(): Journal | null {
  const path = process.env[journalVariable];
  delete process.env[journalVariable];
  try {
    if (!path) return null;
    const memory = Bun.mmap(path);
    // From now on it is gone when both are. Its worker may be dead by now.
    rmSync(path);
    return journalIn(memory);
  } catch {
    return null;
  }
}

function journalIn(memory: Uint8Array): Journal {
  const numbers = new Uint32Array(memory.buffer, memory.byteOffset, header.size / 4);
  let end = header.size;
  return {
    note(report) {
      if (report.kind !== "succeeded" || report.result.length > largestResult) return false;
      const { execution, result, duration } = report;
      const bytes = encoder.encodeSharedRef([execution, result, duration] satisfies Entry);
      if (end + bytes.length > size) return false;
      memory.set(bytes, end);
      end += bytes.length;
      numbers[header.length] = end - header.size;
      return true;
    },
    content: () => memory.slice(header.size, end),
    clear() {
      end = header.size;
      numbers[header.length] = 0;
      numbers[header.cleared]!++;
    },
    sending: () => void numbers[header.sent]!++,
  };
}

/** As far as it can be read: a task may have damaged the memory of its process, or sent something like it. */
export function reportsIn(content: Uint8Array): Report[] {
  const reports: Report[] = [];
  try {
    for (const [execution, result, duration] of decoder.decodeMulti(content) as Iterable<Entry>) {
      if (!(result instanceof Uint8Array) || typeof duration !== "number") break;
      reports.push({ execution, kind: "succeeded", result, duration });
    }
  } catch {
    // The jobs of what follows count as not ended.
  }
  return reports;
}

/** What a worker has of the journal of a process. */
export interface JournalReader {
  path: string;
  /**
   * What the process has not sent yet; `null` if it writes just now.
   * @param received how many messages have come from it: if another is on its way, `null`, since it comes first.
   */
  read(received?: number): Report[] | null;
  /** Removes its name, should the process not have come to that. */
  unlink(): void;
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
    // What is no folder refuses that something in it is removed.
    if (existsSync(path)) unlink();
    return null;
  }

  function bytes(from: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    readSync(file, bytes, 0, length, from);
    return bytes;
  }
  function numbers() {
    const [cleared = 0, length = 0, sent = 0] = new Uint32Array(bytes(0, header.size).buffer);
    return { cleared, length, sent };
  }

  return {
    path,
    unlink,
    read(received) {
      const { cleared, length, sent } = numbers();
      // Both begin anew after 32 bits.
      if (received !== undefined && ((sent - received) | 0) > 0) return null;
      const content = bytes(header.size, Math.min(length, size - header.size));
      return numbers().cleared === cleared ? reportsIn(content) : null;
    },
    close() {
      unlink();
      closeSync(file);
    },
  };
}
