import { InvalidOptionError } from "./errors.ts";

type Unit = "ms" | "s" | "m" | "h" | "d" | "w";

/** A number of milliseconds, or a text such as `"250ms"`, `"10s"`, `"5m"`, `"1.5h"`, `"2d"` or `"1w"`. */
export type Duration = number | `${number}${Unit}`;

const unitLengths: Record<Unit, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** From today on, that leads to a time that a `Date` can express. */
const longest = 8.64e15 / 2;

/**
 * The duration in whole milliseconds.
 * @param option the name of the option that holds it, for the error message.
 * @throws InvalidOptionError if it is not a duration, negative or endless.
 */
export function milliseconds(duration: Duration, option: string): number {
  const length = typeof duration === "number" ? duration : parse(duration);
  if (length >= 0 && length <= longest) return Math.round(length);
  throw new InvalidOptionError(
    `${option}: ${Bun.inspect(duration, { depth: 0 })} ${problemWith(length)}. ` +
      'Write a number of milliseconds (0 or more) or a text such as "250ms", "10s", "5m", "1.5h", "2d" or "1w".',
  );
}

function parse(text: unknown): number {
  const match = typeof text === "string" ? /^(-?\d+(?:\.\d+)?)(ms|[smhdw])$/.exec(text) : null;
  return match ? Number(match[1]) * unitLengths[match[2] as Unit] : Number.NaN;
}

function problemWith(length: number): string {
  if (Number.isNaN(length)) return "is not a duration";
  return length < 0 ? "is negative" : "is too long";
}

/** A duration for people, with two units at most: `340ms`, `1.2s`, `3m 5s`, `2h 10m`, `3d 4h`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return String(ms);
  if (ms < 0) return `-${formatDuration(-ms)}`;
  // Each step rounds before it chooses, so that 59.96 seconds are "1m" and not "60s".
  if (Math.round(ms) < 1000) return `${Math.round(ms)}ms`;
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return `${tenths / 10}s`;
  const seconds = Math.round(ms / unitLengths.s);
  if (seconds < 3600) return pair(seconds, 60, "m", "s");
  const minutes = Math.round(ms / unitLengths.m);
  if (minutes < 1440) return pair(minutes, 60, "h", "m");
  return pair(Math.round(ms / unitLengths.h), 24, "d", "h");
}

function pair(count: number, size: number, large: Unit, small: Unit): string {
  const rest = count % size;
  const whole = `${Math.floor(count / size)}${large}`;
  return rest === 0 ? whole : `${whole} ${rest}${small}`;
}
