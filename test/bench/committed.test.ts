import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Results } from "../../bench/figures.ts";
import { documents, resultsFile } from "../../bench/report/main.ts";

const root = join(import.meta.dir, "../..");
const results = (await Bun.file(resultsFile).exists())
  ? ((await Bun.file(resultsFile).json()) as Results)
  : null;

test("no figure was written by hand: the documents are those of bench/results.json, or there is none", async () => {
  const textOf = (path: string) => Bun.file(join(root, path)).text();
  if (!results) {
    expect(await Bun.file(join(root, "docs/benchmarks.md")).exists()).toBe(false);
    return;
  }
  for (const [path, text] of Object.entries(documents(results, await textOf("README.md")))) {
    if ((await Bun.file(join(root, path)).exists()) && (await textOf(path)) === text) continue;
    throw new Error(
      `${path} does not say what bench/results.json does: run \`bun bench/report/main.ts\` and commit what it writes`,
    );
  }
});
