import { type ContestName, contests, type Description } from "../figures.ts";

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

const groupTitles: Record<string, string> = {
  claim: "claims beside a backlog",
  io: "I/O tasks",
  cpu: "CPU-bound tasks",
};

/** The first part of `claim/1,000 pending` is its group, the rest its name. */
export function partsOf(measurement: string): { group: string; name: string } {
  const [group = "", ...rest] = measurement.split("/");
  return { group, name: rest.join("/") };
}

/** Within a sentence, as in `claims beside a backlog`. */
export function groupTitle(group: string): string {
  return groupTitles[group] ?? group;
}

/** As in `claims beside a backlog: 1,000 pending`, or `200 in flight`. */
export function measurementTitle(measurement: string): string {
  const { group, name } = partsOf(measurement);
  const contest = isContest(measurement) && contests.find((one) => one === name);
  return contest ? contestTitles[contest] : `${groupTitle(group)}: ${name}`;
}

export function isContest(measurement: string): boolean {
  return partsOf(measurement).group in storageTitles;
}
