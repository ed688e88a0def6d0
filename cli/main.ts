#!/usr/bin/env bun
import { version } from "../package.json";
import { unknownName } from "../src/config/nearest.ts";
import { InvalidOptionError } from "../src/index.ts";
import { runCommand, UsageError } from "./command.ts";
import { commands } from "./commands.ts";
import { printable } from "./output.ts";

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

async function main([name, ...args]: string[]): Promise<number> {
  if (name === "--version") {
    console.log(version);
    return 0;
  }
  if (name === "help" && args.length > 0) return main([...args, "--help"]);
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

const args = process.argv.slice(2);
try {
  process.exitCode = await main(args);
} catch (error) {
  const verbose = args.includes("--verbose") && error instanceof Error;
  const message = error instanceof Error ? error.message : String(error);
  console.error(printable(verbose ? Bun.inspect(error) : `nuvom: ${message}`));
  process.exitCode = error instanceof UsageError || error instanceof InvalidOptionError ? 2 : 1;
}
// A user's module that `enqueue` imported may hold timers or servers open.
process.exit();
