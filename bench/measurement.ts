import { parseArgs } from "node:util";
import type { Figure } from "./figures.ts";

export interface MeasureOptions {
  /** So few jobs that it ends within seconds: to see that it works, not to know how fast. */
  quick?: boolean;
  /** How many jobs it does, or how large the largest backlog is, where that is not as each measurement says. */
  jobs?: number;
}

/** Measures once: each figure has one value, or says what went wrong. */
export type Measure = (options?: MeasureOptions) => Promise<Figure[]>;

export function figure(
  measurement: string,
  contestant: string,
  unit: Figure["unit"],
  measured: number | { problem: string },
): Figure {
  const common = { measurement, contestant, unit };
  return typeof measured === "number"
    ? { ...common, values: [measured], problems: [] }
    : { ...common, values: [], problems: [measured.problem] };
}

/** A measurement as a program: `bun bench/measurements/<name>.ts [--quick] [--jobs N]` prints a line for each figure. */
export async function runAlone(measure: Measure): Promise<never> {
  const { values } = parseArgs({ options: { quick: { type: "boolean" }, jobs: { type: "string" } } });
  const { quick = false, jobs } = values;
  for (const figure of await measure({ quick, ...(jobs !== undefined && { jobs: wholeNumber(jobs) }) })) {
    const [value] = figure.values;
    const shown = value === undefined ? figure.problems.join("; ") : `${readable(value)} ${figure.unit}`;
    console.log(`${figure.measurement}, ${figure.contestant}: ${shown}`);
  }
  process.exit();
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`--jobs must be a whole number of at least 1, not "${text}"`);
}

function readable(value: number): string {
  const digits = value < 1_000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 };
  return value.toLocaleString("en", digits);
}
