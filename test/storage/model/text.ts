import type { Call } from "./comparison.ts";
import { defaults, idStart, start } from "./values.ts";

const untouched = { attempt: 0, claims: 0, crashes: 0, worker: null, startedAt: null, finishedAt: null };
/** Of a job, what need not be shown. */
const usual: Record<string, unknown> = {
  ...defaults,
  ...untouched,
  result: null,
  errors: null,
  reason: null,
  parked: null,
  notes: null,
};

/** `claim("w1", ["a"], 3, +12)`: times count from the start of the sequence. */
export function callText({ method, asked }: Call): string {
  return `${method}(${asked.map(shown).join(", ")})`;
}

/** A value in short: ids by their number, and jobs without what is usual. */
export function shown(value: unknown): string {
  if (typeof value === "string")
    return value.startsWith(idStart) ? `#${Number(value.slice(-4))}` : `"${value}"`;
  if (typeof value === "number") return Math.abs(value - start) < 1e6 ? signed(value - start) : `${value}`;
  if (value instanceof Uint8Array) {
    return value.length > 30 ? `<${value.length} bytes>` : `"${new TextDecoder().decode(value)}"`;
  }
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const unusual = Object.entries(value).filter(
    ([name, part]) => !(name in usual && Bun.deepEquals(part, usual[name])),
  );
  return `{ ${unusual.map(([name, part]) => `${name}: ${shown(part)}`).join(", ")} }`;
}

function signed(time: number): string {
  return time < 0 ? `${time}` : `+${time}`;
}
