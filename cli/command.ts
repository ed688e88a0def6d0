import { existsSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Config } from "../src/config/config.ts";
import { type Configured, configure } from "../src/config/configure.ts";
import { flagOf, type Option, type OptionName, optionNames, options } from "../src/config/options.ts";
import { type Discovery, discover } from "../src/discovery/discover.ts";
import { milliseconds } from "../src/duration.ts";
import { type Duration, InvalidOptionError, Nuvom, NuvomError, StorageError } from "../src/index.ts";
import { projectRoot } from "../src/project.ts";
import { absoluteUrl, sqliteFile, withoutPassword } from "../src/storage/open.ts";
import { wrapped } from "./output.ts";

/** What a command's flag is; the same table parses the arguments and prints the help. */
export interface Flag {
  type: "string" | "boolean";
  /** One letter that does for the name. */
  short?: string;
  /** What stands for its value in the help, such as `URL`. */
  value?: string;
  help: string;
  multiple?: boolean;
  /** All that it takes, for the completion of a shell. */
  values?: readonly string[];
}

export type Flags = Record<string, Flag>;

export type Values<F extends Flags> = {
  [Name in keyof F]?: F[Name] extends { type: "boolean" }
    ? boolean
    : F[Name] extends { multiple: true }
      ? string[]
      : string;
};

export interface Command<F extends Flags = Flags> {
  summary: string;
  /** Its positional arguments, such as `<task> [json]`. */
  usage: string;
  /** How many of them it takes at least and at most. */
  arguments: readonly [number, number];
  flags: F;
  examples: readonly string[];
  /** What may stand for the next argument after these, for the completion of a shell; nothing unless given. */
  complete?(positionals: readonly string[]): string[] | Promise<string[]>;
  /** Returns the exit code. */
  run(positionals: string[], flags: Values<F>): Promise<number>;
}

/** Gives the flags their types; the command itself is the object as it stands. */
export function command<const F extends Flags>(definition: Command<F>): Command {
  return definition as unknown as Command;
}

/** A wrong call: it is answered with how to call it right, and exit code 2. */
export class UsageError extends NuvomError {
  override name = "UsageError";
  constructor(message: string) {
    super("USAGE", message);
  }
}

/**
 * Flags for options of the configuration; {@link configured} reads them. Their names are no part of the type, as
 * commands do not read them one by one.
 */
export function configFlags(names: readonly OptionName[]): object {
  return Object.fromEntries(
    names.map((name) => {
      const { value, help, otherwise, multiple }: Option = options[name];
      const flag = { type: "string", value, help: `${help} (default: ${otherwise})` };
      return [flagOf(name), multiple ? { ...flag, multiple } : flag];
    }),
  );
}

/** What the sources of a command's project define. @throws InvalidOptionError */
export function discovered(flags: object, root: string): Discovery {
  return discover(root, configured(flags, root).values);
}

/** What the flags say. */
export function given(flags: object): Config {
  const given: Record<string, unknown> = {};
  const recycle: Record<string, unknown> = {};
  for (const name of optionNames) {
    const value = (flags as Record<string, unknown>)[flagOf(name)];
    const [, nested] = name.split(".");
    if (value === undefined) continue;
    if (nested === undefined) given[name] = value;
    else recycle[nested] = value;
  }
  return { ...given, recycle } as Config;
}

/** What holds for a command: its flags, else the environment, else the project's configuration. @throws InvalidOptionError */
export function configured(flags: object, root: string): Configured {
  return toStandardError(() => configure(root, given(flags), (name) => `--${flagOf(name)}`));
}

/** What the user's own modules print as they are loaded must not mix with what a command prints. */
export function toStandardError<T>(load: () => T): T {
  const { log, info, debug } = console;
  const restore = () => void Object.assign(console, { log, info, debug });
  Object.assign(console, { log: console.error, info: console.error, debug: console.error });
  let loaded: T | undefined;
  try {
    loaded = load();
    return loaded instanceof Promise ? (loaded.finally(restore) as T) : loaded;
  } finally {
    if (!(loaded instanceof Promise)) restore();
  }
}

/** What a flag can say. */
export const configurable = optionNames.filter((name) => options[name].value !== null);

export const storageFlag = configFlags(["storage"]);

export const jsonFlag = { json: { type: "boolean", help: "print JSON" } } as const satisfies Flags;

/** The project that `--root` names. @throws InvalidOptionError if it is not there. */
export function rootOf({ root }: { root?: string }): string {
  if (root === undefined) return projectRoot();
  if (!existsSync(root)) throw new InvalidOptionError(`--root: there is no folder ${resolve(root)}`);
  return resolve(root);
}

export const rootFlag = {
  root: {
    type: "string",
    value: "FOLDER",
    help: "the project (default: the nearest folder with a package.json)",
  },
} as const satisfies Flags;

export const everywhere: Flags = {
  help: { type: "boolean", short: "h", help: "print this help" },
  verbose: { type: "boolean", help: "print the stack of an error" },
} as const satisfies Flags;

/** Parses the arguments of a command and runs it, or prints its help. Returns the exit code. */
export async function runCommand(name: string, { run, ...rest }: Command, args: string[]): Promise<number> {
  const flags = { ...rest.flags, ...everywhere };
  const { values, positionals } = parse(name, flags, args);
  if (values.help) {
    console.log(helpOf(name, { run, ...rest }));
    return 0;
  }
  const [least, most] = rest.arguments;
  if (positionals.length < least || positionals.length > most) {
    const tooMany = positionals[most];
    const problem = tooMany === undefined ? "an argument is missing" : `"${tooMany}" is an argument too many`;
    throw new UsageError(`${problem}\nUsage: nuvom ${name} ${rest.usage}`.trimEnd());
  }
  return run(positionals, values as Values<Flags>);
}

function parse(name: string, flags: Flags, args: string[]) {
  try {
    const options = Object.fromEntries(
      Object.entries(flags).map(([flag, { type, short, multiple = false }]) => [
        flag,
        { type, multiple, ...(short !== undefined && { short }) },
      ]),
    );
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(". ")[0]}\nSee nuvom ${name} --help`);
  }
}

function helpOf(name: string, { summary, usage, flags, examples }: Command): string {
  const lines = Object.entries<Flag>({ ...flags, ...everywhere }).map(([flag, { short, value, help }]) => {
    return [`--${flag}${short ? `, -${short}` : ""}${value ? ` ${value}` : ""}`, help] as const;
  });
  const width = Math.max(...lines.map(([left]) => left.length));
  return [
    summary,
    "",
    `Usage: nuvom ${name} ${usage}`.trimEnd(),
    "",
    ...lines.map(([left, help]) => wrapped(`  ${left.padEnd(width)}  `, help)),
    ...(examples.length > 0 ? ["", "Examples:", ...examples.map((example) => `  ${example}`)] : []),
  ].join("\n");
}

/** A whole number of at least 1. @throws InvalidOptionError */
export function count(text: string, flag: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new InvalidOptionError(`--${flag} must be a whole number of at least 1, not "${text}"`);
  }
  return number;
}

/** A duration such as `10s`, or a number of milliseconds. @throws InvalidOptionError */
export function duration(text: string, flag: string): number {
  return milliseconds(/^\d+$/.test(text) ? Number(text) : (text as Duration), `--${flag}`);
}

/** A time such as `2038-01-19T03:14:07Z`. @throws InvalidOptionError */
export function time(text: string, flag: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    throw new InvalidOptionError(`--${flag}: "${text}" is not a time; write it as 2038-01-19T03:14:07Z`);
  }
  return date;
}

/** Who does something, such as `nuvom cancel (ann on web-1)`. */
export function invoker(what: string): string {
  return `${what} (${userInfo().username} on ${hostname()})`;
}

/** The storage that a command uses, for people. */
export function storageName(flags: object): string {
  const root = rootOf(flags);
  const { storage } = configured(flags, root).values;
  if (typeof storage === "string" && projectRoot(root) !== projectRoot()) {
    return withoutPassword(absoluteUrl(storage, projectRoot(root)));
  }
  return typeof storage === "string" ? withoutPassword(storage) : "of the project's own";
}

/**
 * Runs `work` with a client of the storage that is configured and closes it, whatever happens.
 * @param mayCreate whether a file that is not there is made: else a misspelt name would look like an empty storage.
 * @throws StorageError if there is no such file.
 */
export async function withClient<T>(
  flags: object,
  work: (client: Nuvom) => Promise<T>,
  { mayCreate = false } = {},
): Promise<T> {
  const root = rootOf(flags);
  const { storage } = configured(flags, root).values;
  const path = typeof storage === "string" ? sqliteFile(storage, projectRoot(root)) : null;
  if (!mayCreate && path !== null && !existsSync(path)) {
    throw new StorageError(
      `storage ${path}: there is no such file yet: the first job, or the first worker, makes it`,
    );
  }
  const client = new Nuvom({ storage, root });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
