/**
 * One measurement of one contestant, in a process of its own: `bun bench/contest.ts <file> <name> <measurement> <jobs>`
 * prints what came out as JSON on the last line. `REDIS_URL` or `POSTGRESQL_URL` is the server that it needs.
 */
import { join } from "node:path";
import { type Measured, measure } from "../cli/bench/measure.ts";
import { temporaryFolder } from "../test/support/folder.ts";
import type { Contestant } from "./contestant.ts";
import type { ContestName } from "./figures.ts";

export type { Measured };

async function measured(contestant: Contestant, measurement: ContestName, count: number): Promise<Measured> {
  using folder = temporaryFolder();
  const { REDIS_URL: redis = "", POSTGRESQL_URL: postgresql = "" } = process.env;
  const contest = await contestant.open({ folder: folder.path, redis, postgresql });
  try {
    return await measure(contest, measurement, count);
  } finally {
    await contest.close();
  }
}

if (import.meta.main) {
  const [file, name, measurement, jobs] = process.argv.slice(2);
  const { contestants } = (await import(join(import.meta.dir, file!))) as { contestants: Contestant[] };
  const contestant = contestants.find((one) => one.name === name)!;
  const result = await measured(contestant, measurement as ContestName, Number(jobs)).catch(
    (error: unknown): Measured => ({ perSecond: null, problem: String(error) }),
  );
  console.log(`\n${JSON.stringify(result)}`);
  process.exit();
}
