/** Writes what is reported of the results of the benches: `bun bench/report/main.ts [results.json]`. */
import { join } from "node:path";
import type { Results } from "../figures.ts";
import { aims } from "./aims.ts";
import { benchmarksChart } from "./chart.ts";
import { benchmarksDocument } from "./markdown.ts";
import { readmeSection, withBenchmarks } from "./readme.ts";

const root = join(import.meta.dir, "../..");

/** Where `bun run bench` leaves what it measured. */
export const resultsFile = join(root, "bench/results.json");

/** The documents that say something of the results, by their paths in the project. */
export function documents(results: Results, readme: string): Record<string, string> {
  return {
    "docs/benchmarks.md": benchmarksDocument(results, aims),
    "docs/benchmarks.svg": benchmarksChart(results),
    "README.md": withBenchmarks(readme, readmeSection(results)),
  };
}

/** Writes them into the project. @throws if the README has no place for them. */
export async function writeReport(results: Results): Promise<void> {
  const readme = await Bun.file(join(root, "README.md")).text();
  for (const [path, text] of Object.entries(documents(results, readme))) {
    await Bun.write(join(root, path), text);
    console.log(`wrote ${path}`);
  }
}

if (import.meta.main) {
  const [file = resultsFile] = process.argv.slice(2);
  try {
    if (!(await Bun.file(file).exists())) {
      throw new Error(`There are no results in ${file}: \`bun run bench\` measures and writes them.`);
    }
    await writeReport((await Bun.file(file).json()) as Results);
  } catch (error) {
    console.error(`The report was not written. ${(error as Error).message}`);
    process.exit(1);
  }
}
