import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

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
