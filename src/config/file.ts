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
    throw new InvalidOptionError(`${place} cannot be loaded: ${reasonOf(error)}`, { cause: error });
  }
  if (!isPlain(loaded)) {
    throw new InvalidOptionError(`${place} must export its options: export default defineConfig({ … })`);
  }
  return loaded;
}

/** A promise, a Map or an array would be one without options. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function reasonOf(error: unknown): string {
  // What does not parse has several errors, each with its place.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const line = (first as Partial<BuildMessage>)?.position?.line;
  const message = first instanceof Error ? first.message : String(first);
  if (/async module/.test(message)) return "it must not use await at its top level";
  if (/Cannot find package 'nuvom'/.test(message) && import.meta.dir.startsWith("/$bunfs/")) {
    return `${message}: compile the program with --compile-autoload-package-json, or run it in another folder`;
  }
  return line === undefined ? message : `line ${line}: ${message}`;
}
