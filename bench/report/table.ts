import type { Figure } from "../figures.ts";
import { rounded, spread } from "./numbers.ts";
import { medianOf } from "./standings.ts";
import { measurementTitle } from "./titles.ts";

export const notMeasured = "–";
export const failed = "failed";

/** Blocks of Markdown below each other; those that are empty are left out. */
export function joined(blocks: readonly string[]): string {
  return blocks.filter((block) => block !== "").join("\n\n");
}

/** A Markdown table; the columns behind the first `left` are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], left = 1): string {
  const rule = head.map((_, column) => (column < left ? "---" : "---:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.map(escaped).join(" | ")} |`).join("\n");
}

function escaped(cell: string): string {
  return oneLine(cell).replaceAll("|", "\\|");
}

/** The median as `show` puts it, or why there is none. */
export function medianCell(figure: Figure | undefined, show: (median: number) => string = rounded): string {
  const median = medianOf(figure);
  if (median !== null) return show(median);
  return figure ? failed : notMeasured;
}

/** With the lowest and the highest below the median. */
export function spreadCell(figure: Figure | undefined, show?: (median: number) => string): string {
  const below = figure && medianOf(figure) !== null ? spread(figure.values) : "";
  return [medianCell(figure, show), below].filter((line) => line !== "").join("<br>");
}

/** What went wrong in these, as a list of Markdown; empty if nothing did. */
export function problemList(figures: readonly Figure[]): string {
  return figures
    .filter(({ problems }) => problems.length > 0)
    .map(({ contestant, measurement, problems, values }) => {
      const rounds = `${problems.length} of ${problems.length + values.length} rounds`;
      const texts = [...new Set(problems)].map(verbatim).join("; ");
      return `- ${contestant}, ${measurementTitle(measurement)}, failed in ${rounds}: ${texts}`;
    })
    .join("\n");
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}

function verbatim(text: string): string {
  return `\`${oneLine(text).replaceAll("`", "'")}\``;
}
