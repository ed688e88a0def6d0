import type { Description, Results } from "../figures.ts";
import type { Aim } from "./aims.ts";
import { aimsTable } from "./aims-table.ts";
import { contestsTable } from "./contests-table.ts";
import { otherSections } from "./other-tables.ts";
import { contestFigure, participantsOf, type Standings, standingsOf } from "./standings.ts";
import { joined, problemList } from "./table.ts";
import { storageTitles } from "./titles.ts";

/** All that is known, as `docs/benchmarks.md`. */
export function benchmarksDocument(results: Results, aims: readonly Aim[]): string {
  const standings = standingsOf(results);
  const parts = [
    "# Benchmarks",
    `How fast is it on your machine, and compared with what? \`bun run bench\` in a checkout measures it and writes this document.
Here it did so on this machine:`,
    machine(results),
    "![Jobs a second of each contestant in each contest](benchmarks.svg)",
    "## How it was measured",
    method(results),
    ...standings.map((one) => contestsSection(results, one)),
    "## Who took part",
    participantsOf(results).map(participant).join("\n"),
    ...(aims.length > 0 ? ["## Aims", aimsIntroduction, aimsTable(results, aims)] : []),
    ...otherSections(results),
  ];
  return `${joined(parts)}\n`;
}

const aimsIntroduction = "What Nuvom is to be, on a machine of 2 cores, and what it was here.";

/** The day of it, as in `2026-05-01`. */
export function dayOf({ date }: Results): string {
  return date.slice(0, "2026-05-01".length);
}

function machine(results: Results): string {
  const { processor, cores, memory, system, disk } = results.machine;
  const versions = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- ${processor}, ${cores} ${cores === 1 ? "core" : "cores"}, ${memory} of memory, ${system}, disk: ${disk}`,
    `- ${versions.join(", ")}`,
    `- ${dayOf(results)}, ${results.rounds} rounds`,
  ].join("\n");
}

function method({ rounds }: Results): string {
  return `- Every contestant does the same work with the same payload: it enqueues jobs with one call after the other (_one at a
  time_), with 200 calls in flight, and with calls for 1,000 jobs each (_bulk_), and works them off (_drain_): jobs that do nothing
  but return a number, until what each returned is stored.
- Each contest of each contestant runs in a process of its own, on an empty storage. They take turns, A B C A B C, for
  ${rounds} rounds, so that whatever else the machine does meets all of them. A fifth of the work is done beforehand, as a warm-up.
- Afterwards every job's delivery is counted, and every result compared with what the job returned. Where a job was lost, done
  twice, or came to a wrong result, in any round, _failed_ stands in place of a figure, and below the table why.
- A figure is the median of the rounds, to three digits; below it stand the lowest and the highest, unless it was measured once,
  as what takes minutes is (other figures than those of contests: three times at most). A ratio is that of two medians, as they were before they were rounded. – was not measured.
- In parentheses stands how many times as fast as this peer Nuvom is, which is the row in bold; and how much it reaches of a
  ceiling, which is the same work stripped to the bare calls.
- _Survives_ is the worst that no confirmed job is lost by. Peers on PostgreSQL stand beside both storages of Nuvom.`;
}

function contestsSection(results: Results, standings: Standings): string {
  const figures = standings.contestants.flatMap((one) =>
    standings.contests.flatMap((contest) => contestFigure(results, one, contest) ?? []),
  );
  return [`## ${storageTitles[standings.storage]}`, contestsTable(results, standings), problemList(figures)]
    .filter((part) => part !== "")
    .join("\n\n");
}

function participant({ name, kind, storage, durability, setup }: Description): string {
  const about = [storageTitles[storage], ...(kind === "ceiling" ? ["a ceiling"] : [])].join(", ");
  const setUp = setup === "" ? "" : ` Setup: ${setup}.`;
  return `- **${name}** (${about}). Durability: ${durability}.${setUp}`;
}
