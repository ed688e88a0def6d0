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

/** What a measurement as a program prints with `--json`. */
export type Printed = { figures: Figure[] } | { problem: string };

/**
 * A measurement as a program: `bun bench/measurements/<name>.ts [--quick] [--jobs N] [--json]` prints a line for each
 * figure, or all of them as JSON in the last line.
 */
export async function runAlone(measure: Measure): Promise<never> {
  const { values } = parseArgs({
    options: { quick: { type: "boolean" }, jobs: { type: "string" }, json: { type: "boolean" } },
  });
  const { quick = false, jobs, json } = values;
  const options = { quick, ...(jobs !== undefined && { jobs: wholeNumber(jobs) }) };
  if (json) {
    const printed: Printed = await measure(options).then(
      (figures) => ({ figures }),
      (error: unknown) => ({ problem: String(error) }),
    );
    console.log(`\n${JSON.stringify(printed)}`);
  } else {
    for (const figure of await measure(options)) {
      console.log(`${figure.measurement}, ${figure.contestant}: ${outcome(figure)}`);
    }
  }
  process.exit();
}

/** What came out, for people: the value of the only round, or what went wrong. */
export function outcome({ values: [value], unit, problems }: Figure): string {
  return value === undefined ? `failed: ${problems.join("; ")}` : `${readable(value)} ${unit}`;
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`--jobs must be a whole number of at least 1, not "${text}"`);
}

function readable(value: number): string {
  const digits = value < 1_000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 };
  return value.toLocaleString("en", digits);
}
