import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { sourceFiles } from "../../src/discovery/files.ts";
import { isIgnored, parseIgnore } from "../../src/discovery/ignore.ts";
import { temporaryFolder } from "../support/folder.ts";

const cases: [rules: string, ignored: string, kept: string][] = [
  ["", "", "a a/b"],
  ["# a\n\n  \n!", "", "a # !"],
  ["a", "a a/ x/a x/y/a/", "ab ba a.ts"],
  ["a/", "a/ x/a/", "a x/a"],
  ["/a", "a a/", "x/a"],
  ["a/b", "a/b a/b/", "x/a/b"],
  ["/a/b/", "a/b/", "a/b x/a/b/"],
  ["*.gen.ts", "x.gen.ts .gen.ts a/b/x.gen.ts", "xgen.ts x.gen.tsx"],
  ["a*/c", "a/c ab/c", "a/b/c x/a/c"],
  ["?.ts", "a.ts x/b.ts", "ab.ts .ts"],
  ["a?b", "axb", "a/b"],
  ["**/a", "a x/a x/y/a", "xa"],
  ["**/a/b", "a/b x/a/b", "a/x/b"],
  ["a/**", "a/b a/b/c", "a a/ x/a/b"],
  ["a/**/b", "a/b a/x/b a/x/y/b", "a/xb x/a/b"],
  ["a**b", "ab axxb", "a/b"],
  ["**", "a a/b", ""],
  ["[ab].ts", "a.ts b.ts", "c.ts ab.ts"],
  ["[!ab].ts [^c]", "", "c.ts"],
  ["[!ab].ts", "c.ts", "a.ts b.ts"],
  ["a[!x]b", "ayb", "axb a/b"],
  ["x[0-9]", "x1 x9", "x xa x10"],
  ["[z-a]\nb", "b", "a m"],
  ["\\#a\n\\!b", "#a !b", "a b"],
  ["a\\*b", "a*b", "axb"],
  ["a.(b)+{c,d}|^$", "a.(b)+{c,d}|^$", "a.bc"],
  ["\uFEFFa", "a", "b"],
  ["a  \r\nb \r\n", "a b", "c"],
  ["*.ts\n!keep.ts", "a.ts x/a.ts", "keep.ts x/keep.ts a.js"],
  ["!a.ts\n*.ts", "a.ts", "a.js"],
  ["*\n!*/\n!a.ts", "b.ts x/b.ts", "x/ a.ts x/a.ts"],
];

for (const [rules, ignored, kept] of cases) {
  test(JSON.stringify(rules), () => {
    const parsed = parseIgnore(rules, "");
    const decide = (path: string) => isIgnored(parsed, path.replace(/\/$/, ""), path.endsWith("/"));
    const paths = (text: string) => text.split(" ").filter((path) => path !== "");
    expect(paths(ignored).filter((path) => !decide(path))).toEqual([]);
    expect(paths(kept).filter(decide)).toEqual([]);
  });
}

test("the rules of a folder hold below it and come after those above", () => {
  const rules = [...parseIgnore("*.ts\n/x.js", ""), ...parseIgnore("!a.ts\n/b.js", "p+q/")];
  const ignored = ["a.ts", "x.js", "p+q/c.ts", "p+q/b.js"];
  const kept = ["b.js", "p+q/a.ts", "p+q/r/a.ts", "p+q/r/b.js", "ppq/b.js", "p+q/x.js"];
  expect([...ignored, ...kept].filter((path) => isIgnored(rules, path, false))).toEqual(ignored);
});

test("a space at the end counts only if it is escaped", () => {
  expect(isIgnored(parseIgnore("a\\  ", ""), "a ", false)).toBe(true);
  expect(isIgnored(parseIgnore("a  ", ""), "a ", false)).toBe(false);
});

const segment = fc.constantFrom(
  ..."a b ab xa c.ts * ** ? a* *.ts [ab] [!a] [^b]* b? \\* {a,b} **a a\\ b".split(" "),
  "a b",
);
const line = fc
  .tuple(
    fc.constantFrom("", "", "", "!", "#", "\\#"),
    fc.constantFrom("", "", "/"),
    fc.array(segment, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", "", "/", " ", "  "),
  )
  .map(([start, slash, segments, end]) => start + slash + segments.join("/") + end);
const ignoreFile = fc.array(line, { maxLength: 4 }).map((lines) => lines.join("\n"));

test("ignore files leave out what git leaves out", () => {
  using folder = temporaryFolder();
  Bun.spawnSync(["git", "init", "--quiet"], { cwd: folder.path });
  const folders = ["", "a/", "b/", "ab/", "xa/", "a b/"];
  for (const path of folders.flatMap((outer) => folders.map((inner) => outer + inner))) {
    mkdirSync(folder.file(path), { recursive: true });
    for (const name of ["a.ts", "c.ts", "ab.ts", "*.ts"]) writeFileSync(folder.file(path + name), "");
  }
  fc.assert(
    fc.property(ignoreFile, fc.option(ignoreFile), (top, deeper) => {
      writeFileSync(folder.file(".gitignore"), top);
      rmSync(folder.file("a/.gitignore"), { force: true });
      if (deeper !== null) writeFileSync(folder.file("a/.gitignore"), deeper);
      const git = Bun.spawnSync(["git", "ls-files", "-z", "--others", "--exclude-standard", "*.ts"], {
        cwd: folder.path,
      });
      const { files } = sourceFiles(folder.path, {});
      expect([...files.keys()].sort()).toEqual(git.stdout.toString().split("\0").slice(0, -1).sort());
    }),
    { numRuns: 200 },
  );
});
