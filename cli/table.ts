import { type Colour, paint, printable } from "./output.ts";

export interface Column {
  header: string;
  /** Where its texts are cut if the table is too wide; not at all unless given. */
  cut?: "start" | "end";
  colour?: (text: string) => Colour;
}

/** A table as wide as the terminal, or as it needs where there is none. Of those that may be cut, the widest column gives way. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  available = process.stdout.columns || Number(process.env.COLUMNS) || Number.POSITIVE_INFINITY,
): string {
  const clean = rows.map((row) => row.map((cell) => printable(cell).replaceAll(/[\t\n ]+/g, " ")));
  const widths = columns.map(({ header }, index) => {
    return clean.reduce((width, row) => Math.max(width, Bun.stringWidth(row[index]!)), header.length);
  });
  let excess = widths.reduce((sum, width) => sum + width + 2, -2) - available;
  for (; excess > 0; excess--) {
    const spare = columns.map(({ header, cut }, index) =>
      cut && widths[index]! > header.length ? widths[index]! : 0,
    );
    const widest = Math.max(...spare);
    if (widest === 0) break;
    widths[spare.indexOf(widest)]!--;
  }
  const line = (cells: readonly string[]) => cells.join("  ").trimEnd();
  const headers = columns.map(({ header }, index) => fit(header, widths[index]!, "end"));
  const lines = clean.map((row) => {
    const cells = columns.map(({ cut = "end", colour }, index) => {
      const text = row[index]!;
      return colour ? paint(colour(text), fit(text, widths[index]!, cut)) : fit(text, widths[index]!, cut);
    });
    return line(cells);
  });
  return [paint("bold", line(headers)), ...lines].join("\n");
}

function fit(text: string, width: number, from: "start" | "end"): string {
  const fitting = cut(text, width, from);
  return fitting + " ".repeat(width - Bun.stringWidth(fitting));
}

/** A line of text, colours included, in no more columns than that. */
export function cut(text: string, width: number, from: "start" | "end" = "end"): string {
  return Bun.stringWidth(text) > width ? shortened(text, width, from) : text;
}

function shortened(text: string, width: number, cut: "start" | "end"): string {
  // The slice is a column too wide where a character of two columns stands at its edge.
  for (let columns = width - 1; ; columns--) {
    const part = cut === "end" ? Bun.sliceAnsi(text, 0, columns) : Bun.sliceAnsi(text, -columns);
    if (Bun.stringWidth(part) < width) return cut === "end" ? `${part}…` : `…${part}`;
  }
}
