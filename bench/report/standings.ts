import {
  type ContestName,
  contests,
  type Description,
  type Figure,
  median,
  type Results,
} from "../figures.ts";

/** The contests of Nuvom on one storage, and all who stand beside it there. */
export interface Standings {
  storage: "sqlite" | "redis";
  /** Those of which anything is known. */
  contests: ContestName[];
  /** Nuvom, its peers, the ceilings; in each of these kinds as they come in the results. */
  contestants: Description[];
  /** Whom the others are compared with: Nuvom as it comes. */
  reference: Description | undefined;
}

const order: Description["kind"][] = ["nuvom", "peer", "ceiling"];

/** Peers on PostgreSQL, where Nuvom has no storage, stand beside it on each of the others. */
export function standingsOf(results: Results): Standings[] {
  return (["sqlite", "redis"] as const)
    .map((storage) => {
      const stands = (one: Description) =>
        (one.storage === storage || one.storage === "postgresql") &&
        contests.some((contest) => contestFigure(results, one, contest));
      const contestants = byKind(results.contestants).filter(stands);
      return {
        storage,
        contests: contests.filter((contest) =>
          contestants.some((one) => contestFigure(results, one, contest) && one.storage === storage),
        ),
        contestants,
        reference: contestants.find(({ kind }) => kind === "nuvom"),
      };
    })
    .filter(({ contests }) => contests.length > 0);
}

/** Everyone who stands in one of them: Nuvom, its peers, the ceilings. */
export function participantsOf(results: Results): Description[] {
  const all = new Set(standingsOf(results).flatMap(({ contestants }) => contestants));
  return byKind(results.contestants).filter((one) => all.has(one));
}

function byKind(contestants: readonly Description[]): Description[] {
  return order.flatMap((kind) => contestants.filter((one) => one.kind === kind));
}

export function contestFigure(results: Results, one: Description, contest: ContestName): Figure | undefined {
  return figureOf(results, `${one.storage}/${contest}`, one.name);
}

/** `undefined` also where it was to be measured but no round came to anything. */
export function figureOf(results: Results, measurement: string, contestant: string): Figure | undefined {
  return results.figures.find(
    (figure) =>
      figure.measurement === measurement &&
      figure.contestant === contestant &&
      figure.values.length + figure.problems.length > 0,
  );
}

/** `null` where it was not measured, and where anything went wrong in any round. */
export function medianOf(figure: Figure | undefined): number | null {
  return figure && figure.problems.length === 0 ? median(figure.values) : null;
}

/** How many times the median of the one is that of the other; `null` where one of them has none. */
export function ratioOf(one: Figure | undefined, other: Figure | undefined): number | null {
  const [above, below] = [medianOf(one), medianOf(other)];
  return above !== null && below ? above / below : null;
}
