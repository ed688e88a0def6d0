import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { inBatches, sourceFiles, unreadable } from "./files.ts";
import { type DiscoveredTask, type DiscoveryProblem, type FileScan, packageName, scan } from "./scan.ts";

/** The tasks of a project. */
export interface Discovery {
  /** Sorted by name, and no name twice. */
  tasks: DiscoveredTask[];
  /** Sorted by file and line. */
  problems: DiscoveryProblem[];
  /** A hash of the sources: it tells a release of the project from others. */
  sources: string;
}

/**
 * Finds every task that the sources below `root` define, by reading them only. A problem of one definition or file
 * does not keep the others from being found; of two tasks with one name, the first in the order of paths counts.
 */
export async function discover(root: string): Promise<Discovery> {
  const top = resolve(root);
  const { files, problems } = await sourceFiles(top);
  const tasks = new Map<string, DiscoveredTask>();
  let sources = 0n;
  for (const [index, found] of (await inBatches(files, scanFile)).entries()) {
    sources = Bun.hash.wyhash(`${relative(top, files[index]!)}:${found.hash}`, sources);
    problems.push(...found.problems);
    for (const task of found.tasks) {
      const first = tasks.get(task.name);
      if (first) problems.push(duplicate(task, first, top));
      else tasks.set(task.name, task);
    }
  }
  return {
    tasks: [...tasks.values()].sort((a, b) => compare(a.name, b.name)),
    sources: sources.toString(36),
    problems: problems.sort(
      (a, b) => compare(a.file, b.file) || a.line - b.line || compare(a.message, b.message),
    ),
  };
}

async function scanFile(file: string): Promise<FileScan & { hash: string }> {
  try {
    const bytes = await readFile(file);
    const hash = Bun.hash.wyhash(bytes).toString(36);
    // Most files of a project do not: decoding them would take most of the time.
    if (!bytes.includes(packageName)) return { tasks: [], problems: [], hash };
    return { ...scan(bytes.toString(), file), hash };
  } catch (error) {
    return { tasks: [], problems: [unreadable(file, error)], hash: "" };
  }
}

function duplicate(
  { name, file, line }: DiscoveredTask,
  first: DiscoveredTask,
  root: string,
): DiscoveryProblem {
  const place = `${relative(root, first.file)}:${first.line}`;
  const message = `task ${JSON.stringify(name)} is already defined in ${place}, and that is the one that runs: rename one of them`;
  return { file, line, message };
}

/** By code units: the same order on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
