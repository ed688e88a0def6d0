import { contests, type Results } from "../figures.ts";
import { legend } from "./chart-marks.ts";
import { linesOf, panel, panelHeight } from "./chart-panel.ts";
import { style } from "./chart-style.ts";
import { dayOf } from "./markdown.ts";
import { countOf } from "./numbers.ts";
import { standingsOf } from "./standings.ts";
import { element, text } from "./svg.ts";
import { contestHeadings, storageTitles } from "./titles.ts";

const width = 860;
const margin = 30;
const between = { columns: 48, rows: 30 };
/** Above the panels: the title, the legend, and what each column is about. */
const head = 166;
const foot = 44;

/** The contests as `docs/benchmarks.svg`: a column for each storage, a row of panels for each contest. */
export function benchmarksChart(results: Results): string {
  const columns = standingsOf(results);
  const panelWidth = (width - 2 * margin - between.columns) / 2;
  const leftOf = (column: number) => margin + column * (panelWidth + between.columns);
  const rows = contests.filter((contest) => columns.some((column) => column.contests.includes(contest)));
  let top = head;
  const panels = rows.flatMap((contest) => {
    const lines = columns.map((column) => linesOf(results, column, contest));
    const row = lines.map((those, place) =>
      those.length > 0 ? panel(contestHeadings[contest], those, leftOf(place), top, panelWidth) : "",
    );
    top += Math.max(...lines.map(panelHeight)) + between.rows;
    return row;
  });
  const height = top - between.rows + foot;
  const titles = columns.map(({ storage }, place) =>
    text(leftOf(place), head - 28, "storage", storageTitles[storage]),
  );
  const parts = [
    element("title", {}, "Jobs a second, of Nuvom, its peers and the bare calls"),
    element("style", {}, style),
    element("rect", { class: "card", x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 12 }),
    text(margin, 44, "title", "Jobs a second: longer is better"),
    legend(margin, 72),
    ...titles,
    ...panels.filter((part) => part !== ""),
    text(margin, height - 20, "note", footNote(results)),
  ];
  const attributes = { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" };
  return `${element("svg", { xmlns: "http://www.w3.org/2000/svg", ...attributes }, `\n${parts.join("\n")}\n`)}\n`;
}

function footNote(results: Results): string {
  const { processor, cores } = results.machine;
  return `Medians of ${countOf(results.rounds, "round")} on ${processor}, ${countOf(cores, "core")}, ${dayOf(results)}`;
}
