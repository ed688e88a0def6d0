/** How fast a project's tasks are found: at first, and when nothing has changed, in a program of its own each time. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "../../test/support/folder.ts";
import { median } from "../figures.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";

const filler = "export function twice(x: number) { return x * 2; } // nothing to see\n".repeat(80);
const perTask = 25;

/** @param jobs how many files the project has. */
export const measure: Measure = async ({ quick = false, jobs: files = quick ? 500 : 5_000 } = {}) => {
  using folder = temporaryFolder();
  for (let index = 0; index < files; index++) {
    const file = folder.file(`src/m${index % 50}/n${index % 250}/f${index}.ts`);
    const head =
      index % perTask === 0
        ? `import { task } from "nuvom";\nexport const t = task("t${index}", () => 1);\n`
        : "";
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, head + filler);
  }
  // Time stamps are trusted when they are a second old.
  await Bun.sleep(1_100);
  const cold = discovered(folder.path, files, files);
  const warm = Array.from({ length: quick ? 1 : 5 }, () => discovered(folder.path, files, 0));
  return [
    figure("discovery/at first", "Nuvom", "files/s", (1_000 * files) / cold),
    figure(`discovery/${files.toLocaleString("en")} files, nothing changed`, "Nuvom", "ms", median(warm)),
  ];
};

/** The milliseconds that it takes. @param read how many of the files it must have read. */
function discovered(root: string, files: number, read: number): number {
  const program = `import { discover } from ${JSON.stringify(join(import.meta.dir, "../../src/discovery/discover.ts"))};
    const began = performance.now();
    const { files, read, tasks } = discover(${JSON.stringify(root)});
    console.log(JSON.stringify({ took: performance.now() - began, files, read, tasks: tasks.length }));`;
  const { stdout } = Bun.spawnSync([process.execPath, "--eval", program], { stderr: "inherit" });
  const { took, ...found } = JSON.parse(stdout.toString());
  const expected = { files, read, tasks: Math.ceil(files / perTask) };
  if (!Bun.deepEquals(found, expected)) {
    throw new Error(`discovery found ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  }
  return took;
}

if (import.meta.main) await runAlone(measure);
