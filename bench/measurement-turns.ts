import { join } from "node:path";
import type { Figure } from "./figures.ts";
import { figure, type Printed } from "./measurement.ts";
import type { measurements } from "./measurements/all.ts";
import { outcomeOf } from "./program.ts";
import type { Turn } from "./turns.ts";

type Measurement = (typeof measurements)[number];

/** The time that one has, in seconds. */
const limits = { each: 300, once: 1_800 };

/** Each is spread less than a contest, which depends on the disk. */
const mostRounds = 3;

/** Those that take long only in the first round. */
export function measurementTurns(
  some: readonly Measurement[],
  { rounds, quick }: { rounds: number; quick: boolean },
): Turn[] {
  const programs = some.map((one) => ({ ...one, measure: measureBy(one, quick) }));
  return Array.from({ length: Math.min(rounds, mostRounds) }, (_, round) =>
    programs
      .filter((one) => round === 0 || one.rounds === "each")
      .map(({ measure }) => ({ round: round + 1, measure })),
  ).flat();
}

function measureBy({ name, rounds }: Measurement, quick: boolean): () => Promise<Figure[]> {
  const args = [join("measurements", `${name}.ts`), "--json", ...(quick ? ["--quick"] : [])];
  // All that it measures has the problem when it fails, once it is known what that is.
  let known = [figure(`${name}/everything`, "Nuvom", "ms", 0)];
  return async () => {
    try {
      const printed = (await outcomeOf(args, limits[rounds])) as Printed;
      if ("problem" in printed) throw new Error(printed.problem);
      known = printed.figures;
      return known;
    } catch (error) {
      const problem = (error as Error).message;
      return known.map((one) => ({ ...one, values: [], problems: [problem] }));
    }
  };
}
