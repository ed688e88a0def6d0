import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { InvalidOptionError } from "../errors.ts";
import type { Config } from "./config.ts";

const files = ["nuvom.config.ts", "nuvom.config.js", "nuvom.config.mts", "nuvom.config.mjs"];

/** The path of the project's configuration, `null` if it has none. */
export function configFile(root: string): string | null {
  return files.map((name) => join(root, name)).find((path) => existsSync(path)) ?? null;
}

/**
 * What a file of configuration exports. A program keeps what it has read, as it keeps every module that it has imported.
 * @throws InvalidOptionError
 */
export function loadConfig(path: string): Config {
  const place = basename(path);
  let loaded: unknown;
  try {
    loaded = require(path).default;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = /async module/.test(message) ? "it must not use await at its top level" : message;
    throw new InvalidOptionError(`${place} cannot be loaded: ${hint}`, { cause: error });
  }
  if (typeof loaded !== "object" || loaded === null) {
    throw new InvalidOptionError(`${place} must export its options: export default defineConfig({ … })`);
  }
  return loaded;
}
