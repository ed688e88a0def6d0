import { type ContestName, contests, type Description } from "../figures.ts";
import { groupTitle } from "./groups.ts";

export const storageTitles = {
  sqlite: "SQLite",
  redis: "Redis",
  postgresql: "PostgreSQL",
} satisfies Record<Description["storage"], string>;

export const contestTitles: Record<ContestName, string> = {
  "one at a time": "one at a time",
  "in flight": "200 in flight",
  bulk: "bulk",
  drain: "drain",
};

/** Where they have to explain themselves. */
export const contestHeadings: Record<ContestName, string> = {
  "one at a time": "enqueue, one at a time",
  "in flight": "enqueue, 200 in flight",
  bulk: "enqueue in bulk, 1,000 a call",
  drain: "drain",
};

/** The group of `claim/1,000 pending` is `claim`; that of `I/O/1 ms` is `I/O`. */
export function partsOf(measurement: string): { group: string; name: string } {
  const slash = measurement.lastIndexOf("/");
  return { group: measurement.slice(0, slash), name: measurement.slice(slash + 1) };
}

/** As in `claims: 100 beside 1,000 pending`, or `200 in flight`. */
export function measurementTitle(measurement: string): string {
  const { group, name } = partsOf(measurement);
  const contest = isContest(measurement) && contests.find((one) => one === name);
  return contest ? contestTitles[contest] : `${groupTitle(group)}: ${name}`;
}

export function isContest(measurement: string): boolean {
  return partsOf(measurement).group in storageTitles;
}
