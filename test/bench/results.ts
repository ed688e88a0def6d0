import type { ContestName, Description, Figure, Results } from "../../bench/figures.ts";
import { contests } from "../../bench/figures.ts";

/** Results of these, three rounds each: the first is Nuvom as it comes. */
export function someResults(contestants: Description[], figures: Figure[]): Results {
  return {
    date: "2026-05-01T08:30:00.000Z",
    machine: { processor: "a processor", cores: 2, memory: "8 GB", system: "Linux", disk: "a disk" },
    versions: { Bun: "1.4.5" },
    commit: "1234567",
    rounds: 3,
    contestants,
    figures,
  };
}

export function contestant(
  name: string,
  kind: Description["kind"],
  storage: Description["storage"] = "sqlite",
): Description {
  const [durability, setup] = [`what ${name} keeps`, `as ${name} says`];
  return { name, kind, storage, durability, survives: "program crash", contests, setup };
}

export function jobsPerSecond(
  of: Description,
  contest: ContestName,
  values: number[],
  problems: string[] = [],
): Figure {
  return { measurement: `${of.storage}/${contest}`, contestant: of.name, unit: "jobs/s", values, problems };
}

/** The cells of each row of the tables in a Markdown text, by the first one. */
export function tableRows(markdown: string): Map<string, string[]> {
  const rows = markdown.split("\n").filter((line) => line.startsWith("| "));
  return new Map(
    rows.map((row) => {
      const [first = "", ...cells] = row.slice(2, -2).split(" | ");
      return [first, cells];
    }),
  );
}
