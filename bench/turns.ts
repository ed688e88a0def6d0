import type { Figure } from "./figures.ts";
import { outcome } from "./measurement.ts";

/** One thing to measure once, in a program of its own. */
export interface Turn {
  round: number;
  /** What goes wrong is a problem of a figure, not an error. */
  measure(): Promise<Figure[]>;
}

/** Measures one after the other, and tells of each what came out. */
export async function takeTurns(turns: readonly Turn[], tell: (line: string) => void): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [index, { round, measure }] of turns.entries()) {
    const measured = await measure();
    figures.push(...measured);
    const place = `${index + 1} of ${turns.length}, round ${round}`;
    for (const figure of measured)
      tell(`${place}: ${figure.measurement}, ${figure.contestant}: ${outcome(figure)}`);
  }
  return merged(figures);
}

/** Those of one measurement of one contestant become one, in the order in which they came first. */
function merged(figures: readonly Figure[]): Figure[] {
  const groups = Map.groupBy(figures, ({ measurement, contestant }) => `${measurement}\n${contestant}`);
  return [...groups.values()].map((same) => ({
    ...same[0]!,
    values: same.flatMap(({ values }) => values),
    problems: same.flatMap(({ problems }) => problems),
  }));
}
