import { expect, test } from "bun:test";
import { join } from "node:path";
import { discover } from "../../src/discovery/discover.ts";
import { temporaryFolder } from "../support/folder.ts";
import expected from "./corpus/expected.json";

const corpus = join(import.meta.dir, "corpus");

/** `3: name` for a task in line 3, `3! message` for a problem there. */
function findsIn(root: string): Record<string, string[]> {
  const { tasks, problems } = discover(root, { fresh: true });
  const finds = [
    ...tasks.map(({ file, line, name }) => ({ file, line, text: `${line}: ${name}` })),
    ...problems.map(({ file, line, message }) => ({ file, line, text: `${line}! ${message}` })),
  ];
  const byFile = Map.groupBy(finds, ({ file }) => file.slice(root.length + 1));
  return Object.fromEntries(
    [...byFile].map(([file, all]) => [file, all.sort((a, b) => a.line - b.line).map(({ text }) => text)]),
  );
}

const found = findsIn(corpus);

test("the corpus has no file that nothing is expected of, and at least sixty", () => {
  expect(Object.keys(found).filter((file) => !(file in expected))).toEqual([]);
  expect(Object.keys(expected).length).toBeGreaterThan(60);
  expect(discover(corpus, { fresh: true }).files).toBe(Object.keys(expected).length);
});

for (const [file, finds] of Object.entries(expected)) {
  test(file, () => {
    const actual = found[file] ?? [];
    expect(actual.length).toBe(finds.length);
    for (const [i, find] of finds.entries()) {
      if (/^\d+:/.test(find)) expect(actual[i]).toBe(find);
      else expect(actual[i]).toStartWith(find);
    }
  });
}

/** Files of a megabyte and more, which nobody wants to have in a repository. */
const large: Record<string, { source: string; finds: string[] }> = {
  "a data file.ts": {
    source: `import { task } from "nuvom";\nexport const rows = [\n${`  { a: "task('no')", b: [1, 2] },\n`.repeat(40_000)}];\ntask("data", () => rows);\n`,
    finds: ["40004: data"],
  },
  "one line.min.js": {
    source: `import{task as t}from"nuvom";${`var a=(t)=>t("no")/2/1,b=/["'t("no")]/,c=\`\${a}t("no")\`;`.repeat(20_000)}t("one-line",()=>1);`,
    finds: ["1: one-line"],
  },
  "a string.js": {
    source: `import { task } from "nuvom";\nconst text = "${"task('no') \\\" ".repeat(100_000)}";\ntask("string", () => text);\n`,
    finds: ["3: string"],
  },
  "deep.ts": {
    source: `import { task } from "nuvom";\nconst deep = ${"[".repeat(200)}task("deep")${"]".repeat(200)};\n${"{".repeat(200)}task("deeper")${"}".repeat(200)}\n`,
    finds: ["2: deep", "3: deeper"],
  },
  "many.ts": {
    source: `import { task } from "nuvom";\n${Array.from({ length: 5_000 }, (_, i) => `export const t${i} = task("many.${i}", () => ${i});\n`).join("")}`,
    finds: Array.from({ length: 5_000 }, (_, i) => `${i + 2}: many.${i}`),
  },
  "comments.ts": {
    source: `${"// task('no') /* '\n/* task(`no`) // */\n".repeat(33_000)}import { task } from "nuvom";\ntask("comments", () => 1);\n`,
    finds: ["66002: comments"],
  },
};

test("very large files", async () => {
  using folder = temporaryFolder();
  for (const [name, { source }] of Object.entries(large)) await Bun.write(folder.file(name), source);
  const actual = findsIn(folder.path);
  for (const [name, { finds }] of Object.entries(large))
    expect({ [name]: actual[name] }).toEqual({ [name]: finds });
});
