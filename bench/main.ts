/**
 * How fast is it on this machine, and compared with what? `bun run bench --help` says what can be chosen. A figure that
 * could not be had says why, and the others are measured nevertheless.
 */
import { tmpdir } from "node:os";
import { installBenchTools } from "../scripts/setup.ts";
import { installPeers } from "./compare/all.ts";
import { contestTurns, entriesOf, nameOf } from "./contest-turns.ts";
import { listContestants } from "./contestants.ts";
import type { Results } from "./figures.ts";
import { commit, disk, machine, versions } from "./machine.ts";
import { outcome } from "./measurement.ts";
import { measurementTurns } from "./measurement-turns.ts";
import { measurements } from "./measurements/all.ts";
import { help, type Options, optionsOf } from "./options.ts";
import { writeReport } from "./report/main.ts";
import { startPostgresql } from "./servers.ts";
import { takeTurns } from "./turns.ts";

async function measure({ rounds, quick, peers, output, isSelected }: Options): Promise<Results> {
  const known = { date: new Date().toISOString(), commit: commit() };
  if (peers) installPeers();
  const listed = await listContestants({ peers });
  const all = entriesOf(listed);
  const entries = all.filter((entry) => isSelected(nameOf(entry)));
  const others = measurements.filter(({ name }) => isSelected(name));
  if (entries.length + others.length === 0) {
    const names = [...all.map(nameOf), ...measurements.map(({ name }) => name)];
    throw new Error(`--only leaves nothing of what can be measured:\n${names.join("\n")}`);
  }
  if (output === null) {
    console.error("Not everything is measured, so this is not kept; --output FILE keeps it.");
  }
  const contestants = listed.filter((one) => entries.some(({ contestant }) => contestant === one));
  await using scope = new AsyncDisposableStack();
  const usesPostgresql = contestants.some(({ storage }) => storage === "postgresql");
  const postgresql = usesPostgresql ? scope.use(await startPostgresql()) : null;
  const turns = [
    ...contestTurns(entries, { rounds, quick, postgresql }),
    ...measurementTurns(others, { rounds, quick }),
  ];
  const figures = await takeTurns(turns, (line) => console.error(line));
  return {
    ...known,
    machine: machine(),
    versions: versions({ peers }),
    rounds,
    contestants: contestants.map(({ file: _, ...description }) => description),
    figures,
  };
}

function checkDisk({ quick }: Options): void {
  if (quick || !disk().isMemory) return;
  throw new Error(
    `${tmpdir()} is in memory, where what is synced costs nothing: name a folder on a disk, as in TMPDIR=/var/tmp bun run bench`,
  );
}

/** Says once more what is missing. Returns whether something of Nuvom's own is. */
function tellProblems({ figures }: Results): boolean {
  const failed = figures.filter(({ problems }) => problems.length > 0);
  for (const figure of failed) {
    console.error(`${figure.measurement}, ${figure.contestant}: ${outcome({ ...figure, values: [] })}`);
  }
  return failed.some(({ contestant }) => contestant.startsWith("Nuvom"));
}

async function keep(results: Results, { output, report }: Options): Promise<void> {
  if (output === null) return;
  await Bun.write(output, `${JSON.stringify(results, null, 2)}\n`);
  console.error(`wrote ${output}`);
  if (report) await writeReport(results);
}

try {
  const options = optionsOf(process.argv.slice(2));
  if (options === "help") {
    console.log(help);
  } else {
    checkDisk(options);
    installBenchTools(options);
    const results = await measure(options);
    await keep(results, options);
    if (tellProblems(results)) process.exit(1);
  }
  process.exit();
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
