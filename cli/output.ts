import { relative as pathFrom } from "node:path";
import { decode } from "../src/codec.ts";
import type { DiscoveryProblem } from "../src/discovery/scan.ts";
import { formatDuration } from "../src/duration.ts";
import { jobErrors, jobNotes } from "../src/handle.ts";
import type { Job, JobState, WorkerRecord } from "../src/index.ts";
import type { JobError, Progress } from "../src/job.ts";

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

export type Colour = keyof typeof codes;

/** Colours only on a terminal. */
export function paint(colour: Colour, text: string): string {
  const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
  return coloured ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text;
}

export const stateColour: Record<JobState, Colour> = {
  pending: "cyan",
  running: "yellow",
  succeeded: "green",
  failed: "red",
  cancelled: "dim",
};

/** Control characters in somebody's text must not reach the terminal as commands. */
export function printable(text: string): string {
  return text.replace(/(?![\t\n])\p{Cc}/gu, (char) => `\\x${hex(char)}`);
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, "0");
}

/** `in 5m`, `2h ago`, `now`. */
export function relative(time: number, now: number): string {
  const distance = time - now;
  if (Math.abs(distance) < 1_000) return "now";
  const seconds = Math.round(Math.abs(distance) / 1_000) * 1_000;
  return distance > 0 ? `in ${formatDuration(seconds)}` : `${formatDuration(seconds)} ago`;
}

/** Text behind a label, in lines of at most 80 columns. */
export function wrapped(label: string, text: string): string {
  const lines = Bun.wrapAnsi(text.replaceAll("\t", " "), 80 - label.length, { hard: true });
  return label + lines.replaceAll("\n", `\n${" ".repeat(label.length)}`);
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** `40 of 80 (50%): resizing`. */
export function progressText({ done, total, message }: Progress): string {
  const share = total ? ` of ${total} (${Math.floor((100 * done) / total)}%)` : "";
  return `${done}${share}${message ? `: ${message}` : ""}`;
}

const longestError = 400;

/** An error's name and the first lines of its message. */
export function errorText({ name, message }: Pick<JobError, "name" | "message">, lines: number): string {
  const first = `${name}: ${message}`.split("\n").slice(0, lines).join("\n");
  return first.length > longestError ? `${first.slice(0, longestError)}…` : first;
}

/** A job for `--json`: times as ISO text, payloads decoded as far as JSON can say them. */
export function jobAsJson(job: Job): Record<string, unknown> {
  const { notes, ...fields } = job;
  const { progress, output } = jobNotes(job);
  return {
    ...fields,
    progress,
    output: output.map((line) => ({ ...line, at: iso(line.at) })),
    runAt: iso(job.runAt),
    createdAt: iso(job.createdAt),
    startedAt: iso(job.startedAt),
    finishedAt: iso(job.finishedAt),
    input: plain(decode(job.input)),
    result: job.result === null ? null : plain(decode(job.result)),
    errors: jobErrors(job).map((error) => ({
      ...error,
      startedAt: iso(error.startedAt),
      finishedAt: iso(error.finishedAt),
    })),
  };
}

export function workerAsJson(worker: WorkerRecord): Record<string, unknown> {
  const { startedAt, seenAt, claimedAt, leaseUntil } = worker;
  return {
    ...worker,
    startedAt: iso(startedAt),
    seenAt: iso(seenAt),
    claimedAt: iso(claimedAt),
    leaseUntil: iso(leaseUntil),
  };
}

export function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** What JSON has no word for, in the nearest one: a Map as its entries, a bigint as text, and so on. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint" || value instanceof URL) return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof ArrayBuffer) return plain(new Uint8Array(value));
  if (value instanceof Map || value instanceof Set || Array.isArray(value) || ArrayBuffer.isView(value)) {
    return Array.from(value as Iterable<unknown>, plain);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

export function printJson(value: unknown): void {
  // JSON itself escapes only the first 32 of the control characters.
  console.log(JSON.stringify(value ?? null, null, 2).replace(/[\x7f-\x9f]/g, (char) => `\\u00${hex(char)}`));
}

/** What is wrong with sources, as `file:line: message` for an editor to open. */
export function problemLines(problems: readonly DiscoveryProblem[]): string[] {
  return problems.map(({ file, line, message }) => printable(`${fromHere(file)}:${line}: ${message}`));
}

/** The shortest way to say which file. */
export function fromHere(file: string): string {
  return pathFrom(process.cwd(), file) || ".";
}
