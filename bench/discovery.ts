/** How long a project of 5,000 files takes to discover, at first and when nothing has changed: in a fresh process each. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "../test/support/folder.ts";

const filler = "export function twice(x: number) { return x * 2; } // nothing to see\n".repeat(80);
using folder = temporaryFolder();
for (let i = 0; i < 5_000; i++) {
  const file = folder.file(`src/m${i % 50}/n${i % 250}/f${i}.ts`);
  const isTask = i % 25 === 0;
  const head = isTask ? `import { task } from "nuvom";\nexport const t = task("t${i}", () => 1);\n` : "";
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, head + filler);
}
// Time stamps are trusted when they are a second old.
await Bun.sleep(1_100);

const program = `import { discover } from ${JSON.stringify(join(import.meta.dir, "../src/discovery/discover.ts"))};
  const start = performance.now();
  const { files, read, tasks } = discover(${JSON.stringify(folder.path)});
  console.log(\`\${files} files, \${read} read, \${tasks.length} tasks: \${(performance.now() - start).toFixed(0)} ms\`);`;
for (let run = 0; run < 5; run++) {
  await Bun.spawn([process.execPath, "--eval", program], { stdio: ["ignore", "inherit", "inherit"] }).exited;
}
