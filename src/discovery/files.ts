import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type IgnoreRule, isIgnored, parseIgnore } from "./ignore.ts";
import type { DiscoveryProblem } from "./scan.ts";
import { isSource } from "./source.ts";

const skippedFolders = new Set(["node_modules", "dist", "build", "out", "coverage"]);
const ignoreFiles = [".gitignore", ".nuvomignore"];
/** Enough to keep the disk busy, far below any limit of open files. */
const batchSize = 64;

interface Folder {
  /** Empty for the root, else relative to it with a slash at the end. */
  path: string;
  rules: IgnoreRule[];
}

/**
 * The paths of all source files below `root`, sorted. Leaves out `node_modules`, dot folders, build output and what
 * `.gitignore` or `.nuvomignore` exclude. Does not follow symbolic links, so that no file is found twice.
 */
export async function sourceFiles(root: string): Promise<{ files: string[]; problems: DiscoveryProblem[] }> {
  const files: string[] = [];
  const problems: DiscoveryProblem[] = [];

  const visit = async (folder: Folder): Promise<Folder[]> => {
    const path = resolve(root, folder.path);
    try {
      const entries = await readdir(path, { withFileTypes: true });
      const rules = [...folder.rules];
      for (const name of ignoreFiles) {
        if (!entries.some((entry) => entry.name === name && entry.isFile())) continue;
        rules.push(...parseIgnore(await readFile(join(path, name), "utf8"), folder.path));
      }
      const folders: Folder[] = [];
      for (const entry of entries) {
        const entryPath = folder.path + entry.name;
        if (entry.isDirectory()) {
          if (entry.name.startsWith(".") || skippedFolders.has(entry.name)) continue;
          if (!isIgnored(rules, entryPath, true)) folders.push({ path: `${entryPath}/`, rules });
        } else if (entry.isFile() && isSource(entry.name) && !isIgnored(rules, entryPath, false)) {
          files.push(join(root, entryPath));
        }
      }
      return folders;
    } catch (error) {
      problems.push(unreadable(path, error));
      return [];
    }
  };

  let level: Folder[] = [{ path: "", rules: [] }];
  while (level.length > 0) level = (await inBatches(level, visit)).flat();
  return { files: files.sort(), problems };
}

/** Maps in order, a bounded number at a time. */
export async function inBatches<T, R>(items: T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += batchSize) {
    results.push(...(await Promise.all(items.slice(i, i + batchSize).map(map))));
  }
  return results;
}

export function unreadable(path: string, error: unknown): DiscoveryProblem {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    file: path,
    line: 1,
    message: `cannot be read (${reason}): make it readable, or exclude it in .nuvomignore`,
  };
}
