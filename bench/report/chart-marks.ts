import type { Description } from "../figures.ts";
import { element, estimatedWidth, text } from "./svg.ts";

export const barHeight = 6;

/** Across a bar, where the ceiling is. */
export function ceilingMark(x: number, y: number): string {
  return element("rect", { class: "ceiling", x: x - 1, y: y - 2, width: 2, height: barHeight + 4 });
}

/** A disc, half of one, or a circle: what confirmed jobs survive. */
export function durabilityMark(survives: Description["survives"], x: number, y: number): string {
  const r = 3.7;
  const look = survives === "power failure" ? "mark full" : "mark";
  const circle = element("circle", { class: look, cx: x, cy: y, r });
  if (survives !== "program crash") return circle;
  return circle + element("path", { class: "half", d: `M${x} ${y - r}a${r} ${r} 0 0 0 0 ${2 * r}z` });
}

/** Two lines, of 20 each, that explain the bars and the marks. */
export function legend(left: number, top: number): string {
  const bar = (look: string) => (x: number, y: number) =>
    element("rect", { class: `bar ${look}`, x: x - 4, y: y - 4, width: 8, height: 8, rx: 2 });
  const mark = (survives: Description["survives"]) => (x: number, y: number) =>
    durabilityMark(survives, x, y);
  return [
    legendLine(left, top, [
      [bar("nuvom"), "Nuvom"],
      [bar("variant"), "Nuvom, set up otherwise"],
      [bar("peer"), "peers"],
      [(x, y) => ceilingMark(x, y - barHeight / 2), "ceiling: the bare calls"],
    ]),
    legendLine(left, top + 20, [
      [mark("power failure"), "confirmed jobs survive a power failure"],
      [mark("program crash"), "a crash of the program"],
      [mark("nothing"), "neither"],
    ]),
  ].join("\n");
}

type Sign = (x: number, y: number) => string;

function legendLine(
  left: number,
  baseline: number,
  entries: readonly [sign: Sign, meaning: string][],
): string {
  let x = left;
  return entries
    .map(([sign, meaning]) => {
      const entry = sign(x + 4, baseline - 4) + text(x + 15, baseline, "note", meaning);
      x += 15 + estimatedWidth(meaning, 11.5) + 18;
      return entry;
    })
    .join("\n");
}
