import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { packageName } from "./bindings.ts";
import { type FileRecord, manifestOf, noCache, readCache, readManifest, writeCache } from "./cache.ts";
import { type Area, sourceFiles, unreadable } from "./files.ts";
import { linking } from "./links.ts";
import { type DiscoveredTask, type DiscoveryProblem, exportsOf, scan } from "./scan.ts";

/** The tasks of a project. */
export interface Discovery {
  /** Sorted by name, and no name twice. */
  tasks: DiscoveredTask[];
  /** Sorted by file and line. */
  problems: DiscoveryProblem[];
  /** A hash of the sources: it tells a release of the project from others. */
  sources: string;
  /** The number of source files. */
  files: number;
  /** How many of them had to be read, since the others have not changed since the last discovery. */
  read: number;
  /** The folders that were searched. */
  folders: string[];
  /** Whether there is a manifest that says something else, as it could not be written or was not to be. */
  stale: boolean;
}

export interface DiscoverOptions extends Area {
  /** Trust nothing that an earlier discovery left, and write nothing. */
  fresh?: boolean;
}

/** The coarsest time stamps of files: a younger file could change once more and keep its stamp. */
const stampGranularity = 1_000;

/**
 * Finds every task that the sources of a project define, by reading them only, and only those that have changed since
 * the last time. A problem of one definition or file does not keep the others from being found; of two tasks with one
 * name, the first in the order of paths counts. Leaves a manifest in `.nuvom`.
 */
export function discover(root: string, options: DiscoverOptions = {}): Discovery {
  const top = resolve(root);
  const old = options.fresh ? noCache : readCache(top);
  const { files: places, folders, problems } = sourceFiles(top, options);
  const count = places.size;
  const read = new Set<string>();
  const bytesOf = (path: string) => {
    read.add(path);
    return readFileSync(places.get(path)!);
  };
  /** What `work` makes of each file that can be read. */
  const each = <T>(paths: Iterable<string>, work: (path: string) => T): Map<string, T> => {
    const made = new Map<string, T>();
    for (const path of paths) {
      try {
        made.set(path, work(path));
      } catch (error) {
        problems.push(unreadable(path, error));
      }
    }
    return made;
  };

  const now = Date.now();
  const alone = each(places.keys(), (path) =>
    recordOf(path, places.get(path)!, old.files.get(path), now, bytesOf),
  );
  const { exported, linksOf } = linking(places, alone, old.exported, bytesOf);
  const files = each(alone.keys(), (path): FileRecord => {
    const { imports, links } = linksOf(path);
    const { found, ...record } = { ...alone.get(path)!, ...imports };
    const isBare = record.exports === undefined && Object.keys(links).length === 0;
    if (isBare) return record;
    if (found && Bun.deepEquals(found.links, links)) return { ...record, found };
    return { ...record, found: { ...scan(bytesOf(path).toString(), path, links), links } };
  });

  const tasks = new Map<string, DiscoveredTask>();
  let sources = 0n;
  for (const path of places.keys()) {
    const { hash = "", found = null } = files.get(path) ?? {};
    sources = Bun.hash.wyhash(`${path}:${hash}`, sources);
    problems.push(...(found?.problems ?? []));
    for (const task of found?.tasks ?? []) {
      const first = tasks.get(task.name);
      if (first) problems.push(duplicate(task, first));
      else tasks.set(task.name, task);
    }
  }
  const sorted = [...tasks.values()].sort((a, b) => compare(a.name, b.name));
  const manifest = manifestOf(sorted, (path) => files.get(path)!.hash);
  if (!options.fresh && count > 0) writeCache(top, { exported, files }, manifest);
  const written = readManifest(top);
  const absolute = <T extends { file: string }>(item: T): T => ({ ...item, file: join(top, item.file) });
  return {
    tasks: sorted.map(absolute),
    problems: problems
      .sort((a, b) => compare(a.file, b.file) || a.line - b.line || compare(a.message, b.message))
      .map(absolute),
    sources: sources.toString(36),
    files: count,
    read: read.size,
    folders,
    stale: written !== null && written !== manifest,
  };
}

/** What is known of a file by itself, which is read only if it may have changed. */
function recordOf(
  path: string,
  place: string,
  known: FileRecord | undefined,
  now: number,
  bytesOf: (path: string) => Buffer,
): FileRecord {
  const { size, mtimeMs, ctimeMs } = statSync(place);
  const stamp = `${size} ${mtimeMs} ${ctimeMs}`;
  if (known?.stamp === stamp) return known;
  const isSettled = Math.max(mtimeMs, ctimeMs) < now - stampGranularity;
  const bytes = bytesOf(path);
  const record = { stamp: isSettled ? stamp : "", hash: Bun.hash.wyhash(bytes).toString(36) };
  if (known?.hash === record.hash) return { ...known, ...record };
  // Most files of a project do not name it: decoding them would take most of the time.
  return bytes.includes(packageName) ? { ...record, exports: exportsOf(bytes.toString(), path) } : record;
}

function duplicate({ name, file, line }: DiscoveredTask, first: DiscoveredTask): DiscoveryProblem {
  const place = `${first.file}:${first.line}`;
  const message = `task ${JSON.stringify(name)} is already defined in ${place}, and that is the one that runs: rename one of them`;
  return { file, line, message };
}

/** By code units: the same order on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
