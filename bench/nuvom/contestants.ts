import { join } from "node:path";
import { openNuvom } from "../../cli/bench/nuvom.ts";
import type { Contestant, Place } from "../contestant.ts";
import type { Description } from "../figures.ts";

const processes = 2;

const common = {
  kind: "nuvom",
  contests: ["one at a time", "in flight", "bulk", "drain"],
  setup: `a worker with ${processes} isolated processes; every result is stored and kept for good`,
} as const;

function contestant(
  description: Omit<Description, keyof typeof common>,
  url: (place: Place) => string,
): Contestant {
  return { ...common, ...description, open: (place) => openNuvom(url(place), processes) };
}

export const contestants: Contestant[] = [
  contestant(
    {
      name: "Nuvom on SQLite",
      storage: "sqlite",
      durability: "every confirmed job and result survives a power failure (synchronous=FULL)",
      survives: "power failure",
    },
    ({ folder }) => `sqlite:${join(folder, "jobs.db")}`,
  ),
  contestant(
    {
      name: "Nuvom on SQLite, synchronous=normal",
      storage: "sqlite",
      durability: "a power failure may undo the last moments; a crash loses nothing",
      survives: "program crash",
    },
    ({ folder }) => `sqlite:${join(folder, "jobs.db")}?synchronous=normal`,
  ),
  contestant(
    {
      name: "Nuvom on Redis",
      storage: "redis",
      durability: "as the Redis, here without a log: a crash of it loses all",
      survives: "program crash",
    },
    ({ redis }) => redis,
  ),
];
