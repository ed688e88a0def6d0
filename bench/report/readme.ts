import type { Results } from "../figures.ts";
import { dayOf } from "./markdown.ts";
import { countOf } from "./numbers.ts";
import { contestFigure, participantsOf, standingsOf } from "./standings.ts";
import { failed, medianCell, table } from "./table.ts";
import { contestTitles } from "./titles.ts";

const [begin, end] = ["<!-- benchmarks -->", "<!-- /benchmarks -->"];

/** The README with this in place of what stands between its markers. @throws unless each of them stands there once. */
export function withBenchmarks(readme: string, section: string): string {
  const [before, between, ...more] = readme.split(begin);
  const [, after, ...evenMore] = (between ?? "").split(end);
  if (before === undefined || after === undefined || more.length > 0 || evenMore.length > 0) {
    throw new Error(
      `README.md must have the lines ${begin} and ${end} once each, in this order: the table of the benches is put between them`,
    );
  }
  return `${before}${begin}\n\n${section}\n\n${end}${after}`;
}

/** The contests of Nuvom and its peers in short: medians only. */
export function readmeSection(results: Results): string {
  const standings = standingsOf(results);
  const contests = Object.keys(contestTitles) as (keyof typeof contestTitles)[];
  const measured = contests.filter((contest) => standings.some((one) => one.contests.includes(contest)));
  const head = ["jobs/s", "survives", ...measured.map((contest) => contestTitles[contest])];
  const rows = participantsOf(results)
    .filter(({ kind }) => kind !== "ceiling")
    .map((one) => [
      one.kind === "nuvom" ? `**${one.name}**` : one.name,
      one.survives,
      ...measured.map((contest) => medianCell(contestFigure(results, one, contest))),
    ]);
  const hasFailed = rows.some((row) => row.includes(failed));
  const { processor, cores } = results.machine;
  return `${table(head, rows, 2)}

Medians of ${countOf(results.rounds, "round")} on ${processor} with ${countOf(cores, "core")}, ${dayOf(results)}; _survives_ is the worst that no confirmed job is lost by
(of programs that add and run jobs: Redis itself kept nothing on the disk).
[The benchmarks](docs/benchmarks.md) say how it was measured, how each was set up${hasFailed ? ", what failed" : ""}, what the ceiling is, and more.`;
}
