import { startRedis } from "../test/support/redis.ts";
import type { Measured } from "./contest.ts";
import type { Listed } from "./contestants.ts";
import { type ContestName, contests, type Description, type Figure } from "./figures.ts";
import { figure } from "./measurement.ts";
import { outcomeOf } from "./program.ts";
import type { startPostgresql } from "./servers.ts";
import type { Turn } from "./turns.ts";

/** The same for all, so few that the slowest ends within a minute or two, and as many as that allows. */
const jobs: Record<ContestName, number> = {
  "one at a time": 5_000,
  "in flight": 20_000,
  bulk: 100_000,
  drain: 100_000,
};
const fewJobs: Record<ContestName, number> = {
  "one at a time": 100,
  "in flight": 1_000,
  bulk: 2_000,
  drain: 2_000,
};

/** The time one has, in seconds. */
const limit = 180;

type Postgresql = Awaited<ReturnType<typeof startPostgresql>>;

/** One contestant in one of its contests. */
export interface Entry {
  contest: ContestName;
  contestant: Listed;
}

export function entriesOf(contestants: readonly Listed[]): Entry[] {
  return contests.flatMap((contest) =>
    contestants
      .filter((one) => one.contests.includes(contest))
      .map((contestant) => ({ contest, contestant })),
  );
}

export function measurementOf({ contest, contestant }: Entry): string {
  return `${contestant.storage}/${contest}`;
}

export function nameOf(entry: Entry): string {
  return `${measurementOf(entry)}, ${entry.contestant.name}`;
}

/**
 * Contest after contest they take turns, in each round, and begin with another one in the next.
 * @param postgresql for those whose jobs are there.
 */
export function contestTurns(
  entries: readonly Entry[],
  { rounds, quick, postgresql }: { rounds: number; quick: boolean; postgresql: Postgresql | null },
): Turn[] {
  return Array.from({ length: rounds }, (_, round) =>
    contests.flatMap((contest) =>
      rotated(
        entries.filter((entry) => entry.contest === contest),
        round,
      ).map((entry) => ({
        round: round + 1,
        measure: async () => [await runContest(entry, (quick ? fewJobs : jobs)[contest], { postgresql })],
      })),
    ),
  ).flat();
}

function rotated<T>(list: readonly T[], by: number): T[] {
  return list.map((_, place) => list[(place + by) % list.length]!);
}

/** @param seconds the time it has. */
export async function runContest(
  entry: Entry,
  count: number,
  { postgresql = null, seconds = limit }: { postgresql?: Postgresql | null; seconds?: number } = {},
): Promise<Figure> {
  const { contest, contestant } = entry;
  const settled = (measured: number | { problem: string }) =>
    figure(measurementOf(entry), contestant.name, "jobs/s", measured);
  const args = ["contest.ts", contestant.file, contestant.name, contest, `${count}`];
  try {
    await using server = await emptyServer(contestant.storage, postgresql);
    // Nobody is to wait for what another has left to be written.
    Bun.spawnSync(["sync"]);
    const { perSecond, problem } = (await outcomeOf(args, seconds, server.environment)) as Measured;
    return settled(problem === null ? perSecond : { problem });
  } catch (error) {
    return settled({ problem: (error as Error).message });
  }
}

/** Of its own, or a database of its own, with what `contest.ts` has to be told of it. */
async function emptyServer(storage: Description["storage"], postgresql: Postgresql | null) {
  const scope = new AsyncDisposableStack();
  const environment: Record<string, string> = {};
  if (storage === "redis") environment.REDIS_URL = scope.use(await startRedis()).url;
  if (storage === "postgresql") {
    environment.POSTGRESQL_URL = scope.use(await postgresql!.createDatabase()).url;
  }
  return { environment, [Symbol.asyncDispose]: () => scope.disposeAsync() };
}
