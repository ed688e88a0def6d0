import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import type { Hooks } from "./hooks.ts";

/** What `nuvom.config.ts` in a project says, which exports it as its default. */
export interface Config {
  /** Called for the jobs of every task, besides those of the task itself. */
  hooks?: Hooks;
}

/** For the types: returns what it is given. */
export function defineConfig(config: Config): Config {
  return config;
}

const configFiles = ["nuvom.config.ts", "nuvom.config.js", "nuvom.config.mts", "nuvom.config.mjs"];

/** The path of the project's configuration, `null` if it has none. */
export function configFile(root: string): string | null {
  return configFiles.map((name) => join(root, name)).find((path) => existsSync(path)) ?? null;
}

const defaultStorage = "sqlite:.nuvom/nuvom.db";

/** The nearest folder upwards that has a `package.json`, else the folder itself. */
export function projectRoot(folder: string = process.cwd()): string {
  for (let candidate = folder; ; candidate = dirname(candidate)) {
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (candidate === dirname(candidate)) return folder;
  }
}

/** What a project is called: the name in its `package.json`, else that of its folder. */
export function projectName(root: string): string {
  try {
    const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    if (typeof name === "string" && name !== "") return name;
  } catch {
    // There is none, or it is for others to complain about.
  }
  return basename(root);
}

/** The storage to use where none is named: `NUVOM_STORAGE`, else a SQLite file in the project. */
export function configuredStorage(): string {
  return process.env.NUVOM_STORAGE || defaultStorage;
}
