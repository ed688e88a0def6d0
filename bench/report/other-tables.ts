import type { Figure, Results } from "../figures.ts";
import { groupAbout, groupTitle } from "./groups.ts";
import { figureOf } from "./standings.ts";
import { joined, problemList, spreadCell, table } from "./table.ts";
import { isContest, partsOf } from "./titles.ts";

/** A section for each group of measurements besides the contests, in the order in which they come. */
export function otherSections(results: Results): string[] {
  const others = results.figures.filter(({ measurement }) => !isContest(measurement));
  const groups = Object.entries(Object.groupBy(others, ({ measurement }) => partsOf(measurement).group));
  return groups.map(([group, figures = []]) =>
    joined([
      `## ${headline(groupTitle(group))}`,
      groupAbout(group),
      groupTable(results, figures),
      problemList(figures),
    ]),
  );
}

/** Whichever there are more of, contestants or measurements, stand below each other. */
function groupTable(results: Results, figures: readonly Figure[]): string {
  const contestants = unique(figures.map(({ contestant }) => contestant));
  const measurements = unique(figures.map(({ measurement }) => measurement));
  const titles = measurements.map((measurement) => {
    const { unit } = figures.find((figure) => figure.measurement === measurement)!;
    return `${partsOf(measurement).name} (${unit})`;
  });
  const cellOf = (contestant: string, measurement: string) =>
    spreadCell(figureOf(results, measurement, contestant));
  if (contestants.length >= measurements.length) {
    const rows = contestants.map((one) => [one, ...measurements.map((of) => cellOf(one, of))]);
    return table(["", ...titles], rows);
  }
  const rows = measurements.map((of, place) => [
    titles[place]!,
    ...contestants.map((one) => cellOf(one, of)),
  ]);
  return table(["", ...contestants], rows);
}

function headline(title: string): string {
  return title.charAt(0).toUpperCase() + title.slice(1);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
