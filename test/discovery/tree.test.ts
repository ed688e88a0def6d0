import { expect, setSystemTime, test } from "bun:test";
import { appendFileSync, copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { discover } from "../../src/discovery/discover.ts";
import { temporaryFolder } from "../support/folder.ts";

const packages = [
  "@msgpack/msgpack",
  "@types",
  "bun-types",
  "fast-check",
  "prom-client",
  "typescript",
  "undici-types",
  "zod",
];
const folders = join(import.meta.dir, "../../node_modules");

/** The sources of packages that nobody here wrote, under names that are not left out, sorted. */
function copySources(root: string): string[] {
  return packages
    .flatMap((name) => {
      const paths = [...new Bun.Glob("**/*.{ts,mts,cts,js,mjs,cjs}").scanSync(join(folders, name))];
      return paths.map((path) => {
        const copied = `${name}/${path}`
          .replace(/\.d\.([cm]?ts)$/, ".declared.$1")
          .replace(/([._])(test|spec)(?=\.\w+$)/, "$1$2-copied")
          .replace(/(?<=\/)(dist|build|out|node_modules)(?=\/)/g, "$1-copied");
        mkdirSync(dirname(join(root, copied)), { recursive: true });
        copyFileSync(join(folders, name, path), join(root, copied));
        return copied;
      });
    })
    .sort();
}

test("twenty tasks among the sources of large packages are found, and nothing else", () => {
  using folder = temporaryFolder();
  const files = copySources(folder.path);
  const expected = Array.from({ length: 20 }, (_, i) => {
    const name = `hidden.${String(i).padStart(2, "0")}`;
    const file = folder.file(files[Math.floor(((i + 0.5) * files.length) / 20)]!);
    const text = readFileSync(file, "utf8");
    const isCommon = extname(file) === ".cjs" || /^(?:module\.)?exports\b/m.test(text);
    const imported = isCommon
      ? 'const { task: hidden } = require("nuvom");'
      : 'import { task as hidden } from "nuvom";';
    appendFileSync(file, `\n${imported}\nhidden("${name}", () => 1);\n`);
    return { name, file, line: text.split("\n").length + 2 };
  });

  const measured = (label: string) => {
    const start = performance.now();
    const found = discover(folder.path);
    const time = performance.now() - start;
    console.log(
      `${label}: ${found.files} files, ${found.read} read, in ${time.toFixed(0)} ms: ${Math.round((found.files / time) * 1000)} files a second`,
    );
    return found;
  };
  // Much later, as far as the time stamps are concerned: else they would not be trusted yet.
  setSystemTime(Date.now() + 3_600_000);
  const cold = measured("cold");
  const warm = measured("warm");
  setSystemTime();

  expect(cold.problems).toEqual([]);
  expect(cold.tasks.map(({ name, file, line }) => ({ name, file, line }))).toEqual(expected);
  expect(cold.files).toBe(files.length);
  expect({ ...warm, read: cold.read }).toEqual(cold);
  expect(warm.read).toBe(0);
});

test("in the sources of large packages nothing is mistaken for a task when each is searched", () => {
  using folder = temporaryFolder();
  for (const file of copySources(folder.path)) {
    appendFileSync(folder.file(file), '\nconst hidden$ = require("nuvom");\n');
  }
  const { tasks, problems } = discover(folder.path, { fresh: true });
  expect(tasks).toEqual([]);
  // What a declaration may say need not be a program.
  expect(problems.filter(({ file }) => !file.includes(".declared."))).toEqual([]);
  expect(problems.length).toBeLessThan(5);
}, 30_000);
