import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { resultsFile } from "./report/main.ts";

export interface Options {
  rounds: number;
  /** Few jobs, to see that all works. */
  quick: boolean;
  /** Whether Nuvom is compared with others. */
  peers: boolean;
  /** Where the results go; `null` for nowhere. */
  output: string | null;
  /** Whether the documents are written anew. */
  report: boolean;
  isSelected(name: string): boolean;
}

export const help = `bun run bench [options]

Measures how fast Nuvom is on this machine, compared with its peers and with the bare calls below it, writes that to
bench/results.json, and the report of it to docs/benchmarks.md and the README. On 2 cores that takes some 70 minutes.

  --rounds N      how often, 5 unless given; what takes minutes is measured once
  --only TEXT     only what has each word of it in its name, such as "drain bunqueue" or "latency"; given several times, what
                  any of them selects; where that is nothing, all names are shown
  --no-peers      Nuvom and the bare calls alone; nothing is installed
  --quick         one round of few jobs, in some minutes: to see that it works, not how fast
  --output FILE   where the results go; where not everything was measured, they are not kept unless this is given
  --no-report     leave the documents as they are`;

/** @throws Error that says what is wrong with them. */
export function optionsOf(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string" },
      only: { type: "string", multiple: true },
      "no-peers": { type: "boolean" },
      quick: { type: "boolean" },
      output: { type: "string" },
      "no-report": { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return "help";
  const { quick = false, only, rounds } = values;
  const peers = !values["no-peers"];
  if (rounds !== undefined && !/^[1-9]\d*$/.test(rounds)) {
    throw new Error(`--rounds must be a whole number of at least 1, not "${rounds}"`);
  }
  return {
    rounds: Number(rounds ?? (quick ? 1 : 5)),
    quick,
    peers,
    ...destination(values.output, !quick && peers && only === undefined, !values["no-report"]),
    isSelected: selector(only),
  };
}

/** What is committed is always whole, and the documents say what it does. */
function destination(given: string | undefined, isWhole: boolean, report: boolean) {
  const output = given ?? (isWhole ? resultsFile : null);
  const isCommitted = output !== null && resolve(output) === resultsFile;
  if (isCommitted && !isWhole) {
    throw new Error(`${resultsFile} is for results of everything; with --output another file can have them`);
  }
  return { output, report: report && isCommitted };
}

function selector(texts: readonly string[] | undefined): Options["isSelected"] {
  if (!texts) return () => true;
  const queries = texts.map((text) => text.toLowerCase().split(/\s+/));
  return (name) => queries.some((words) => words.every((word) => name.toLowerCase().includes(word)));
}
