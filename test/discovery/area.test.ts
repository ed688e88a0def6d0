import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { discover } from "../../src/discovery/discover.ts";
import type { Area } from "../../src/discovery/files.ts";
import { temporaryFolder } from "../support/folder.ts";

let folder: ReturnType<typeof temporaryFolder>;
let root: string;

beforeEach(() => {
  folder = temporaryFolder();
  root = folder.file("project");
  mkdirSync(root);
});

afterEach(() => folder[Symbol.dispose]());

/** Each source defines one task, of the name given. */
async function write(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const isSource = path.endsWith("ts") && !text.includes("\n");
    await Bun.write(
      join(root, path),
      isSource ? `import { task } from "nuvom";\ntask("${text}", run);` : text,
    );
  }
}

function names(area: Area = {}, from = root): string[] {
  const { tasks, problems } = discover(from, area);
  expect(problems).toEqual([]);
  return tasks.map((task) => task.name);
}

test("included are folders with all beneath, files, and patterns, each once", async () => {
  await write({
    "a/x.ts": "ax",
    "a/b/y.ts": "aby",
    "c/x.ts": "cx",
    "c/d/z.ts": "cdz",
    "e.ts": "e",
    "f/x.ts": "fx",
  });
  expect(names()).toEqual(["aby", "ax", "cdz", "cx", "e", "fx"]);
  expect(names({ include: [] })).toEqual([]);
  expect(names({ include: ["a"] })).toEqual(["aby", "ax"]);
  expect(names({ include: ["./a/", "a/b", root] })).toEqual(["aby", "ax", "cdz", "cx", "e", "fx"]);
  expect(names({ include: ["e.ts", "c/x.ts"] })).toEqual(["cx", "e"]);
  expect(names({ include: ["*/x.ts"] })).toEqual(["ax", "cx", "fx"]);
  expect(names({ include: ["**/{y,z}.ts"] })).toEqual(["aby", "cdz"]);
  expect(names({ include: ["[ac]/?"] })).toEqual(["aby", "cdz"]);
  expect(names({ include: ["c/*"] })).toEqual(["cdz", "cx"]);
  expect(names({ include: [`${root}/*/d`] })).toEqual(["cdz"]);
});

test("included may lie outside of the root, where the same is left out", async () => {
  await write({
    "own.ts": "own",
    "../shared/.gitignore": "drafts/",
    "../shared/tasks/a.ts": "a",
    "../shared/tasks/node_modules/x/b.ts": "no",
    "../shared/drafts/c.ts": "no",
    "../shared/old/d.ts": "d",
    "../other/e.ts": "no",
  });
  expect(names({ include: [".", "../shared"] })).toEqual(["a", "d", "own"]);
  expect(names({ include: ["../shared/tasks", "../sh*/old"] })).toEqual(["a", "d"]);
  expect(names({ include: [".", "../shared"], exclude: ["../shared/old/"] })).toEqual(["a", "own"]);
  expect(names({ include: [".", "../shared"], exclude: ["old"] })).toEqual(["a", "own"]);
  const { tasks } = discover(root, { include: ["../shared/old"] });
  expect(tasks[0]!.file).toBe(folder.file("shared/old/d.ts"));
});

test("excluded is in the order of the patterns, and whatever ignore files say", async () => {
  await write({
    ".gitignore": "/c.ts",
    "a.ts": "a",
    "x/a.ts": "xa",
    "x/b.ts": "xb",
    "c.ts": "c",
    "y/a.ts": "ya",
  });
  await write({ "x/.nuvomignore": "!b.ts" });
  expect(names({ exclude: ["/a.ts"] })).toEqual(["xa", "xb", "ya"]);
  expect(names({ exclude: ["a.ts", "!/x/a.ts"] })).toEqual(["xa", "xb"]);
  expect(names({ exclude: ["!/x/a.ts", "a.ts"] })).toEqual(["xb"]);
  expect(names({ exclude: ["x/", "!c.ts"] })).toEqual(["a", "ya"]);
  expect(names({ exclude: ["b.ts"] })).toEqual(["a", "xa", "ya"]);
});

test("what is named is found, even where the rest of its folder is left out", async () => {
  await write({
    ".gitignore": "generated/",
    "generated/a.ts": "a",
    "dist/tasks/b.ts": "b",
    ".hidden/c.ts": "c",
  });
  expect(names()).toEqual([]);
  expect(names({ include: ["generated", "dist/tasks/b.ts", ".hidden"] })).toEqual(["a", "b", "c"]);
});

test("what is named and not there is a problem that does not hide the rest", async () => {
  await write({ "a.ts": "a" });
  const { tasks, problems } = discover(root, { include: ["nowhere", "a.ts"] });
  expect(tasks.map(({ name }) => name)).toEqual(["a"]);
  expect(problems).toMatchObject([
    { file: join(root, "nowhere"), line: 1, message: expect.stringContaining("ENOENT") },
  ]);
});

test("ignore files further up hold as far as the repository reaches", async () => {
  root = folder.file("repository/project");
  await write({
    "../../.gitignore": "far.ts",
    "../.gitignore": "*.local.ts\n/project/only.ts\nproject/deep/\n/own.ts\nkept.ts",
    "../.nuvomignore": "drafts/",
    ".gitignore": "!kept.ts",
    "a.local.ts": "local",
    "only.ts": "only",
    "deep/a.ts": "deep",
    "drafts/a.ts": "draft",
    "own.ts": "own",
    "kept.ts": "kept",
    "far.ts": "far",
  });
  const all = ["deep", "draft", "far", "kept", "local", "only", "own"];
  expect(names()).toEqual(all);
  mkdirSync(folder.file("repository/.git"));
  expect(names()).toEqual(["far", "kept", "own"]);
  expect(names({ include: ["deep", "kept.ts"] })).toEqual(["deep", "kept"]);
});

test("a folder of the project that is included by itself obeys the ignore files of the project", async () => {
  await write({ ".nuvomignore": "*.local.ts", "src/a.ts": "a", "src/b.local.ts": "b" });
  expect(names({ include: ["src"] })).toEqual(["a"]);
});

test("a monorepo finds each task once, as a whole and from each package", async () => {
  for (const name of ["x", "y"]) {
    await write({
      [`packages/${name}/package.json`]: `{ "name": "@acme/${name}" }`,
      [`packages/${name}/tasks/${name}.ts`]: name,
      [`packages/${name}/dist/${name}.ts`]: "no",
    });
  }
  await write({
    ".gitignore": "*.gen.ts",
    "packages/x/a.gen.ts": "no",
    "packages/y/node_modules/z/a.ts": "no",
  });
  mkdirSync(join(root, ".git"));
  mkdirSync(join(root, "node_modules/@acme"), { recursive: true });
  for (const name of ["x", "y"]) {
    symlinkSync(join(root, "packages", name), join(root, "node_modules/@acme", name));
  }
  symlinkSync(join(root, "packages/x"), join(root, "packages/y/node_modules/x"));
  symlinkSync(root, join(root, "packages/y/loop"));
  expect(names()).toEqual(["x", "y"]);
  expect(names({}, join(root, "packages/x"))).toEqual(["x"]);
  expect(names({ include: [".", "../x", "node_modules/z"] }, join(root, "packages/y"))).toEqual([
    "no",
    "x",
    "y",
  ]);
  expect(names({ include: ["packages/*/tasks", "node_modules/@acme/x/tasks"] })).toEqual(["x", "y"]);
});

test("a root that is a link finds the same as its folder", async () => {
  await write({ "a.ts": "a", "../shared/b.ts": "b" });
  const link = folder.file("link");
  symlinkSync(root, link);
  const direct = discover(root, { include: [".", "../shared"] });
  const linked = discover(link, { include: [".", "../shared"] });
  expect(linked.tasks.map(({ name, file }) => [name, file])).toEqual([
    ["a", join(link, "a.ts")],
    ["b", folder.file("shared/b.ts")],
  ]);
  expect(linked.sources).toBe(direct.sources);
});

test("a project has the same sources and the same first definition wherever it lies", async () => {
  const found = [];
  for (const place of ["a/z", "y/b"]) {
    root = folder.file(place);
    await write({ "own.ts": "same", "../shared/a.ts": "same" });
    const { sources, tasks } = discover(root, { include: [".", "../shared"] });
    found.push({ sources, first: tasks[0]!.file.slice(folder.file(place.slice(0, 1)).length) });
  }
  expect(found[0]!.sources).toBe(found[1]!.sources);
  expect(found.map(({ first }) => first)).toEqual(["/shared/a.ts", "/shared/a.ts"]);
});
