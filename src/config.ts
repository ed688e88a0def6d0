import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const defaultStorage = "sqlite:.nuvom/nuvom.db";

/** The nearest folder upwards that has a `package.json`, else the folder itself. */
export function projectRoot(folder: string = process.cwd()): string {
  for (let candidate = folder; ; candidate = dirname(candidate)) {
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (candidate === dirname(candidate)) return folder;
  }
}

/** The storage to use where none is named: `NUVOM_STORAGE`, else a SQLite file in the project. */
export function configuredStorage(): string {
  return process.env.NUVOM_STORAGE || defaultStorage;
}
