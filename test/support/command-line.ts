import { Nuvom, startWorker } from "../../src/index.ts";
import { temporaryFolder } from "./folder.ts";
import { nuvom, startNuvom } from "./programs.ts";
import { fixtures } from "./worker.ts";

/** The command line on a SQLite file of its own or another storage, and a client that sees what it does. */
export function commandLine(given?: string) {
  const folder = temporaryFolder();
  const storage = given ?? `sqlite:${folder.file("jobs.db")}`;
  const client = new Nuvom({ storage });
  const env = { NUVOM_STORAGE: storage };
  const run = (...args: string[]) => nuvom(args, { env });
  return {
    folder,
    storage,
    client,
    run,
    start: (...args: string[]) => startNuvom(args, { env }),
    /** What it prints with `--json`, after checking that it went well. */
    async json(...args: string[]) {
      const { stdout, stderr, exitCode } = await run(...args, "--json");
      if (exitCode !== 0) throw new Error(`nuvom ${args.join(" ")} exited with ${exitCode}: ${stderr}`);
      return JSON.parse(stdout);
    },
    /** Runs what is due. */
    async work() {
      const worker = await startWorker({ storage, root: fixtures, processes: 1, drain: true });
      await worker.stopped;
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      folder[Symbol.dispose]();
    },
  };
}

/** Matches a text without control characters other than line breaks. */
export const plainText = /^[^\p{Cc}]*(?:\n[^\p{Cc}]*)*$/u;

export function widest(text: string): number {
  return Math.max(...text.split("\n").map((line) => Bun.stringWidth(line)));
}
