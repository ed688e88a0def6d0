import type { Description, Results } from "../figures.ts";
import type { Aim } from "./aims.ts";
import { aimsTable } from "./aims-table.ts";
import { contestsTable } from "./contests-table.ts";
import { countOf } from "./numbers.ts";
import { otherSections } from "./other-tables.ts";
import { contestFigure, participantsOf, type Standings, standingsOf } from "./standings.ts";
import { joined, problemList } from "./table.ts";
import { storageTitles } from "./titles.ts";

/** All that is known, as `docs/benchmarks.md`. */
export function benchmarksDocument(results: Results, aims: readonly Aim[]): string {
  const standings = standingsOf(results);
  const parts = [
    "# Benchmarks",
    `How fast is it on your machine, and compared with what? In a checkout, \`bun run bench\` measures all of this and writes it anew, the
table in the README included; that takes 2 cores some 70 minutes, and installs PostgreSQL and the peers' packages.
\`bun run bench --no-peers --quick\` shows within some minutes that it works, \`--only "in flight redis" --output FILE\` measures a part,
and \`--help\` tells the rest. [\`nuvom bench\`](deployment.md#how-fast-it-is-here) measures your own storage, with fewer jobs, so its
figures are not those below. Here all was measured on this machine:`,
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
  const { commit, machine } = results;
  const { processor, cores, memory, system, disk } = machine;
  const versions = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- ${processor}, ${countOf(cores, "core")}, ${memory} of memory, ${system}, disk: ${disk}`,
    `- ${versions.join(", ")}`,
    `- ${dayOf(results)}, ${countOf(results.rounds, "round")}${commit ? `, of commit ${commit}` : ""}`,
  ].join("\n");
}

function method({ rounds }: Results): string {
  return `- Every contestant does the same work with the same payload: it enqueues 5,000 jobs with one call after the other (_one at a
  time_), 20,000 with 200 calls in flight, and 100,000 with calls for 1,000 jobs each (_bulk_), while no worker runs, and works off
  100,000 (_drain_): jobs that do nothing but return a number, until what each returned is stored where the queue stores that.
- Each contest of each contestant runs in a process of its own, on an empty storage. They take turns, A B C A B C, for
  ${countOf(rounds, "round")}, so that whatever else the machine does meets all of them. A fifth of the work is done beforehand, as a warm-up.
- Afterwards every job's delivery is counted, and every result that is stored compared with what the job returned. Where a job was
  lost, done twice, or came to a wrong result, in any round, _failed_ stands in place of a figure, and below the table why.
- A figure is the median of the rounds, to three digits; below it stand the lowest and the highest, unless it was measured once,
  as what takes minutes is (other figures than those of contests: three times at most). A ratio is that of two medians, as they were before they were rounded. – was not measured.
- In parentheses stands how many times as fast as this peer Nuvom is, which is the row in bold; and how much it reaches of a
  ceiling, which is the same work stripped to the bare calls, and as durable as Nuvom is. It is measured like the others, so what
  comes near it is above it in some rounds; and it is none for peers that sync less often.
- _Survives_ is the worst that no confirmed job is lost by, as far as the programs go that add and run jobs: the Redis of
  the benches keeps nothing on its disk. Peers on PostgreSQL stand beside both storages of Nuvom.`;
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
