/**
 * How fast is it on this machine, and compared with what? `bun run bench --help` says what can be chosen. A figure that
 * could not be had says why, and the others are measured nevertheless.
 */
import { tmpdir } from "node:os";
import { installPeers } from "./compare/all.ts";
import { contestTurns, entriesOf, nameOf } from "./contest-turns.ts";
import { listContestants } from "./contestants.ts";
import type { Results } from "./figures.ts";
import { disk, machine, versions } from "./machine.ts";
import { measurementTurns } from "./measurement-turns.ts";
import { measurements } from "./measurements/all.ts";
import { help, type Options, optionsOf } from "./options.ts";
import { writeReport } from "./report/main.ts";
import { startPostgresql } from "./servers.ts";
import { takeTurns } from "./turns.ts";

async function measure({ rounds, quick, peers, isSelected }: Options): Promise<Results> {
  const date = new Date().toISOString();
  if (peers) installPeers();
  const listed = await listContestants({ peers });
  const all = entriesOf(listed);
  const entries = all.filter((entry) => isSelected(nameOf(entry)));
  const others = measurements.filter(({ name }) => isSelected(name));
  if (entries.length + others.length === 0) {
    const names = [...all.map(nameOf), ...measurements.map(({ name }) => name)];
    throw new Error(`--only leaves nothing of what can be measured:\n${names.join("\n")}`);
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
    date,
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

async function keep(results: Results, { output, report }: Options): Promise<void> {
  if (output === null) {
    console.error("Not everything was measured, so this was not kept; --output FILE keeps it.");
    return;
  }
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
    await keep(await measure(options), options);
  }
  process.exit();
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
