import { version } from "../package.json";
import { unknownName } from "../src/config/nearest.ts";
import { InvalidOptionError } from "../src/index.ts";
import { runCommand, UsageError } from "./command.ts";
import { commands } from "./commands.ts";
import { printable } from "./output.ts";

/** Runs what these arguments of `nuvom` name, or says what is wrong with them. Returns the exit code. */
export async function run(args: string[]): Promise<number> {
  try {
    return await runNamed(args);
  } catch (error) {
    const verbose = args.includes("--verbose") && error instanceof Error;
    const message = error instanceof Error ? error.message : String(error);
    console.error(printable(verbose ? Bun.inspect(error) : `nuvom: ${message}`));
    return error instanceof UsageError || error instanceof InvalidOptionError ? 2 : 1;
  }
}

async function runNamed([name, ...args]: string[]): Promise<number> {
  if (name === "--version") {
    console.log(version);
    return 0;
  }
  if (name === "help" && args.length > 0) return runNamed([...args, "--help"]);
  if (name === "help" || name === "--help" || name === "-h") {
    console.log(help());
    return 0;
  }
  if (name === undefined) {
    console.error(help());
    return 2;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new UsageError(unknownName("command", name, Object.keys(commands)));
  return runCommand(name, command, args);
}

function help(): string {
  return [
    "nuvom: a task scheduler for Bun",
    "",
    "Usage: nuvom <command> [options]",
    "",
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`),
    "",
    "nuvom <command> --help tells more; nuvom --version prints the version.",
    "Exit codes: 0 done, 1 it failed, 2 wrong usage.",
  ].join("\n");
}
