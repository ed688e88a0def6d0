import { basename, dirname } from "node:path";
import { InvalidOptionError } from "../errors.ts";
import { absoluteUrl, openStorage } from "../storage/open.ts";
import type { Storage } from "../storage/storage.ts";
import { type Configuration, checks, defaults } from "./checks.ts";
import type { Config } from "./config.ts";
import { configFile, isPlain, loadConfig } from "./file.ts";
import { workersStorage } from "./inherited.ts";
import { nearestName, unknownName } from "./nearest.ts";
import { type OptionName, optionNames, options, variableOf } from "./options.ts";

export interface Configured {
  values: Configuration;
  /** What they were written as, where something says something. */
  given: Partial<Record<OptionName, unknown>>;
  /** Where the value of an option comes from, such as `NUVOM_PROCESSES`; `null` if nothing says anything. */
  origins: Record<OptionName, string | null>;
  /** Variables that look like options and are none. */
  warnings: string[];
}

/** What a place says, by the names of the options, and what it is called. */
interface Layer {
  origin(name: OptionName): string;
  values: Partial<Record<OptionName, unknown>>;
}

/**
 * What holds in a project: what is given in code or by flags, else the environment, else its `nuvom.config.ts`.
 * @param origin what the given options are called in messages, by the name of the option.
 * @throws InvalidOptionError that names the place and the option.
 */
export function configure(
  root: string,
  given: Config = {},
  origin: Layer["origin"] = (name) => `option ${name}`,
): Configured {
  const layers = [
    { origin, values: leaves(given, "options") },
    fromEnvironment(),
    fromFile(configFile(root)),
  ];
  const values: Record<OptionName, unknown> = { ...defaults };
  const written: Record<string, unknown> = {};
  const origins: Record<string, string | null> = {};
  for (const name of optionNames) {
    const layer = layers.find((layer) => layer.values[name] !== undefined);
    if (layer) values[name] = checked(name, layer);
    written[name] = layer?.values[name];
    origins[name] = layer?.origin(name) ?? null;
  }
  return {
    values: values as Configuration,
    given: written,
    origins: origins as Configured["origins"],
    warnings: unknownVariables(),
  };
}

function checked(name: OptionName, { values, origin }: Layer): unknown {
  try {
    return checks[name](values[name]);
  } catch (error) {
    const problem = (error as Error).message.replace(/^: (?:keep[.:] ?)?/, "");
    throw new InvalidOptionError(`${origin(name)}: ${problem}`);
  }
}

/** Opens the storage that is configured; a storage of the user's own is returned as it is. */
export function configuredStorage({ storage }: Configuration, root: string): Storage {
  if (typeof storage === "string") return openStorage(storage, root);
  return typeof storage === "function" ? storage() : storage;
}

/** The options that a configuration holds, without those that are `undefined`. */
function leaves(config: Config, place: string): Layer["values"] {
  const { recycle, ...flat } = config;
  if (recycle !== undefined && !isPlain(recycle)) {
    throw new InvalidOptionError(`${place}: recycle: must be an object such as { jobs: 1000 }`);
  }
  const nested = Object.entries(recycle ?? {}).map(([name, value]) => [`recycle.${name}`, value]);
  const entries = [...Object.entries(flat), ...nested] as [OptionName, unknown][];
  const unknown = entries.find(([name]) => !Object.hasOwn(options, name));
  if (unknown) {
    throw new InvalidOptionError(`${place}: ${unknownName("option", unknown[0], optionNames)}`);
  }
  return Object.fromEntries(entries);
}

function fromEnvironment(): Layer {
  const entries = optionNames
    .filter((name) => options[name].value !== null)
    .map((name) => [
      name,
      (name === "storage" && workersStorage()) || process.env[variableOf(name)] || undefined,
    ]);
  return { origin: variableOf, values: Object.fromEntries(entries) };
}

/** Variables that are not for configuration. */
const otherVariables = /^NUVOM_TEST_|^NUVOM_PROCESS$|^NUVOM_WORKER_STORAGE$/;

function unknownVariables(): string[] {
  const known = optionNames.filter((name) => options[name].value !== null).map(variableOf);
  return Object.keys(process.env)
    .filter((name) => name.startsWith("NUVOM_") && !known.includes(name) && !otherVariables.test(name))
    .map((name) => {
      const nearest = nearestName(name, known);
      return `the variable ${name} means nothing to Nuvom${nearest ? `: did you mean ${nearest}?` : ""}`;
    });
}

function fromFile(path: string | null): Layer {
  if (path === null) return { origin: String, values: {} };
  const place = basename(path);
  const values = leaves(loadConfig(path), place);
  if (typeof values.storage === "string") values.storage = absoluteUrl(values.storage, dirname(path));
  return { origin: (name) => `${place}: ${name}`, values };
}
