import type { Description, Results } from "../figures.ts";
import { percent, rounded, times } from "./numbers.ts";
import { contestFigure, ratioOf, type Standings } from "./standings.ts";
import { spreadCell, table } from "./table.ts";
import { contestTitles } from "./titles.ts";

/** The contests on one storage: of each contestant the median, Nuvom's ratio to it, and the spread. */
export function contestsTable(results: Results, { contests, contestants, reference }: Standings): string {
  const rows = contestants.map((one) => {
    const cells = contests.map((contest) => {
      const figure = contestFigure(results, one, contest);
      const ratio = reference ? ratioOf(contestFigure(results, reference, contest), figure) : null;
      return spreadCell(figure, (median) => {
        if (one === reference) return `**${rounded(median)}**`;
        return ratio === null || one.kind === "nuvom"
          ? rounded(median)
          : `${rounded(median)} (${one.kind === "peer" ? times(ratio) : percent(ratio)})`;
      });
    });
    return [nameCell(one, reference), one.survives, ...cells];
  });
  return table(["jobs/s", "survives", ...contests.map((contest) => contestTitles[contest])], rows, 2);
}

function nameCell(one: Description, reference: Description | undefined): string {
  if (one.kind === "ceiling") return `_ceiling: ${one.name}_`;
  return one === reference ? `**${one.name}**` : one.name;
}
