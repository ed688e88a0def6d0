import type { ContestName, Description, Results } from "../figures.ts";
import { barHeight, ceilingMark, durabilityMark } from "./chart-marks.ts";
import { rounded } from "./numbers.ts";
import { contestFigure, medianOf, type Standings } from "./standings.ts";
import { element, estimatedWidth, text } from "./svg.ts";
import { failed } from "./table.ts";

export interface Line {
  contestant: Description;
  look: "nuvom" | "variant" | "peer" | "ceiling";
  /** `null` if it failed. */
  perSecond: number | null;
}

const titleHeight = 13;
const pitch = 30;
const bar = { below: 5, height: barHeight };
const fontSize = 12.5;

/** All of whom something is known. */
export function linesOf(results: Results, standings: Standings, contest: ContestName): Line[] {
  return standings.contestants.flatMap((contestant) => {
    const figure = contestFigure(results, contestant, contest);
    if (!figure) return [];
    const isVariant = contestant.kind === "nuvom" && contestant !== standings.reference;
    return [{ contestant, look: isVariant ? "variant" : contestant.kind, perSecond: medianOf(figure) }];
  });
}

export function panelHeight(lines: readonly Line[]): number {
  return titleHeight + lines.length * pitch;
}

/** One contest on one storage: the name and the figure of each contestant, and a bar below them. */
export function panel(
  title: string,
  lines: readonly Line[],
  left: number,
  top: number,
  width: number,
): string {
  const most = Math.max(...lines.map(({ perSecond }) => perSecond ?? 0), 1);
  const widthOf = (perSecond: number) => Math.max((perSecond / most) * width, 1);
  const ceilings = lines.flatMap(({ look, perSecond }) =>
    look === "ceiling" && perSecond !== null ? [left + widthOf(perSecond)] : [],
  );
  const shown = lines.map(({ contestant, look, perSecond }, place) => {
    const baseline = top + titleHeight + place * pitch + fontSize;
    const y = baseline + bar.below;
    const value = perSecond === null ? failed : rounded(perSecond);
    const length = look === "ceiling" || perSecond === null ? 0 : widthOf(perSecond);
    const parts = [
      durabilityMark(contestant.survives, left + 4, baseline - 4),
      name(contestant, look, left + 15, baseline, width - 75),
      text(left + width, baseline, `number ${perSecond === null ? "failed" : look}`, value),
      element("rect", { class: "track", x: left, y, width, height: bar.height, rx: 2 }),
      ...(length > 0
        ? [element("rect", { class: `bar ${look}`, x: left, y, width: length, height: bar.height, rx: 2 })]
        : []),
      ...ceilings.map((x) => ceilingMark(x, y)),
    ];
    return parts.join("\n");
  });
  return [text(left, top, "contest", title), ...shown].join("\n");
}

/** A name that is too long for its place is set narrower. */
function name({ name, kind }: Description, look: string, x: number, y: number, room: number): string {
  const content = kind === "ceiling" ? `ceiling: ${name}` : name;
  const squeezed = estimatedWidth(content, fontSize) > room;
  return text(x, y, look, content, squeezed ? { textLength: room, lengthAdjust: "spacingAndGlyphs" } : {});
}
