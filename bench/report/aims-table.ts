import type { Figure, Results } from "../figures.ts";
import type { Aim } from "./aims.ts";
import { rounded } from "./numbers.ts";
import { figureOf, medianOf, ratioOf } from "./standings.ts";
import { failed, joined, notMeasured, table } from "./table.ts";
import { measurementTitle, partsOf } from "./titles.ts";

/** What was aimed at, how much of it was reached, and what holds back where that is less. */
export function aimsTable(results: Results, aims: readonly Aim[]): string {
  const judged = aims.map((aim) => judge(results, aim));
  const rows = judged.map(({ cells }) => cells);
  const heldBack = judged.flatMap(({ value, reached, aim, cells: [name, other] }) => {
    const compared = other === "" ? name : `${name}, compared with ${other}`;
    return value !== null && !reached && aim.heldBack ? [`- ${compared}: ${aim.heldBack}`] : [];
  });
  const count = judged.filter(({ reached }) => reached).length;
  return joined([
    `${count} of ${aims.length} are reached.`,
    table(["", "compared with", "aim", "measured", "reached"], rows, 2),
    heldBack.join("\n"),
  ]);
}

function judge(results: Results, aim: Aim) {
  const { measurement, contestant, comparedWith, bound } = aim;
  const figure = figureOf(results, measurement, contestant);
  const other = comparedFigure(results, aim);
  const value = comparedWith ? ratioOf(figure, other) : medianOf(figure);
  const [factor, unit] = scaleOf(aim, figure);
  const show = (number: string) => `${number} ${unit}`.trim();
  const [sign, limit] = "atLeast" in bound ? ["≥", bound.atLeast] : ["≤", bound.atMost];
  const reached = value !== null && (sign === "≥" ? value >= limit : value <= limit);
  const isMissing = !figure || (comparedWith && !other);
  const without = isMissing ? "not measured" : failed;
  const cells = [
    `${contestant}, ${measurementTitle(measurement)}`,
    comparedTitle(aim, other),
    `${sign} ${show((limit * factor).toLocaleString("en-US"))}`,
    value === null ? without : show(rounded(value * factor)),
    value === null ? notMeasured : reached ? "yes" : "no",
  ];
  return { aim, value, reached, cells };
}

/** What its numbers are multiplied with to be shown, and the unit they have then. */
function scaleOf({ comparedWith }: Aim, figure: Figure | undefined): [factor: number, unit: string] {
  if (comparedWith === "ceiling") return [100, "%"];
  return comparedWith ? [1, "×"] : [1, figure?.unit ?? ""];
}

function comparedFigure(results: Results, aim: Aim): Figure | undefined {
  const { comparedWith } = aim;
  if (comparedWith === undefined) return undefined;
  if (comparedWith === "ceiling") {
    const ceilings = results.contestants.filter(({ kind }) => kind === "ceiling");
    return ceilings.map(({ name }) => figureOf(results, aim.measurement, name)).find((figure) => figure);
  }
  const { measurement = aim.measurement, contestants = [aim.contestant] } = comparedWith;
  const figures = contestants.flatMap((name) => figureOf(results, measurement, name) ?? []);
  return figures.toSorted((a, b) => (medianOf(b) ?? 0) - (medianOf(a) ?? 0))[0];
}

function comparedTitle({ comparedWith }: Aim, other: Figure | undefined): string {
  if (comparedWith === undefined) return "";
  if (comparedWith === "ceiling") return other ? `ceiling: ${other.contestant}` : "ceiling";
  const { measurement = "", contestants } = comparedWith;
  return contestants ? (other?.contestant ?? contestants[0]!) : partsOf(measurement).name;
}
