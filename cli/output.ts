import { decode } from "../src/codec.ts";
import { formatDuration } from "../src/duration.ts";
import { jobErrors } from "../src/handle.ts";
import type { Job, JobState } from "../src/index.ts";

const coloured = process.stdout.isTTY && !process.env.NO_COLOR;

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

export type Colour = keyof typeof codes;

/** Colours only on a terminal. */
export function paint(colour: Colour, text: string): string {
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
  return text.replace(
    /(?![\t\n])\p{Cc}/gu,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** A table as wide as the terminal, 80 columns elsewhere. The widest column that may shrink gives way. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[], shrink = 1): string {
  const clean = rows.map((row) => row.map((cell) => printable(cell).replaceAll(/\s*\n\s*/g, " ")));
  const widths = headers.map((header, column) => {
    return Math.max(header.length, ...clean.map((row) => Bun.stringWidth(row[column]!)));
  });
  const total = widths.reduce((sum, width) => sum + width + 2, -2);
  const available = process.stdout.columns ?? 80;
  widths[shrink] = Math.max(headers[shrink]!.length, widths[shrink]! - Math.max(0, total - available));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => fit(cell, widths[column]!))
      .join("  ")
      .trimEnd();
  return [paint("bold", line(headers)), ...clean.map(line)].join("\n");
}

function fit(text: string, width: number): string {
  const cut = Bun.stringWidth(text) > width ? `${text.slice(0, width - 1)}…` : text;
  return cut + " ".repeat(Math.max(0, width - Bun.stringWidth(cut)));
}

/** `in 5m`, `2h ago`, `now`. */
export function relative(time: number, now: number): string {
  const distance = time - now;
  if (Math.abs(distance) < 1_000) return "now";
  const seconds = Math.round(Math.abs(distance) / 1_000) * 1_000;
  return distance > 0 ? `in ${formatDuration(seconds)}` : `${formatDuration(seconds)} ago`;
}

/** A job for `--json`: times as ISO text, payloads decoded as far as JSON can say them. */
export function jobAsJson(job: Job): Record<string, unknown> {
  const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());
  return {
    ...job,
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
  console.log(JSON.stringify(value ?? null, null, 2));
}
