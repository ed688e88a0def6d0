import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type DiscoverOptions, discover } from "../../src/discovery/discover.ts";

let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "nuvom-discover-")));
});

afterEach(() => rm(root, { recursive: true }));

/** Each file defines the tasks named in the value, one a line from line 2 on, unless it is a file of another kind. */
async function write(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const isProgram = /\.[mc]?[tj]sx?$/.test(path) && !text.includes("\n");
    const calls = text.split(" ").map((name) => `task("${name}", run);`);
    await Bun.write(
      join(root, path),
      isProgram ? `import { task } from "nuvom";\n${calls.join("\n")}` : text,
    );
  }
}

function names(options: DiscoverOptions = {}): string[] {
  const { tasks, problems } = discover(root, options);
  expect(problems).toEqual([]);
  return tasks.map((task) => task.name);
}

test("an empty project has no tasks", async () => {
  expect(discover(root)).toEqual({
    tasks: [],
    problems: [],
    sources: "0",
    files: 0,
    read: 0,
    folders: [root],
    stale: false,
  });
});

test("tasks come sorted by name, with absolute path and line", async () => {
  await write({ "src/b.ts": "b a", "a/b/c.mjs": "é c Z" });
  expect(discover(root)).toEqual({
    tasks: [
      { name: "Z", file: join(root, "a/b/c.mjs"), line: 4, mayRecur: true, isolation: "shared" },
      { name: "a", file: join(root, "src/b.ts"), line: 3, mayRecur: true, isolation: "shared" },
      { name: "b", file: join(root, "src/b.ts"), line: 2, mayRecur: true, isolation: "shared" },
      { name: "c", file: join(root, "a/b/c.mjs"), line: 3, mayRecur: true, isolation: "shared" },
      { name: "é", file: join(root, "a/b/c.mjs"), line: 2, mayRecur: true, isolation: "shared" },
    ],
    problems: [],
    sources: expect.any(String),
    files: 2,
    read: 2,
    folders: expect.any(Array),
    stale: false,
  });
});

test("a relative root gives the same", async () => {
  await write({ "a.ts": "a" });
  const before = process.cwd();
  process.chdir(dirname(root));
  try {
    expect(discover(root.slice(dirname(root).length + 1))).toEqual(discover(root));
  } finally {
    process.chdir(before);
  }
});

test("dependencies, dot folders, build output, declarations and other files are left out", async () => {
  await write({
    "node_modules/a/index.js": "no",
    "packages/x/node_modules/a.ts": "no",
    ".cache/a.ts": "no",
    "dist/a.js": "no",
    "packages/x/build/a.js": "no",
    "out/a.js": "no",
    "coverage/a.js": "no",
    "a.d.ts": "no",
    "a.d.mts": "no",
    "tests/a.test.ts": "no",
    "a_spec.tsx": "no",
    "latest.ts": "latest",
    "README.md": 'import { task } from "nuvom"; task("no")',
    "a.json": "{}",
    "packages/x/a.ts": "yes",
    "build.ts": "build",
    "building/out.ts": "out",
  });
  expect(names()).toEqual(["build", "latest", "out", "yes"]);
});

test("ignore files hold at every level, and a folder that is left out is not entered", async () => {
  await write({
    ".gitignore": "generated/\n*.local.ts\n",
    ".nuvomignore": "/drafts/*\n!/drafts/kept.ts\n",
    "generated/a.ts": "no",
    "generated/.gitignore": "!a.ts",
    "src/generated/a.ts": "no",
    "src/a.local.ts": "no",
    "src/tasks/.gitignore": "!b.local.ts\n/c.ts",
    "src/tasks/b.local.ts": "b",
    "src/tasks/c.ts": "no",
    "src/tasks/more/c.ts": "c",
    "drafts/a.ts": "no",
    "drafts/kept.ts": "kept",
  });
  expect(names()).toEqual(["b", "c", "kept"]);
});

test("links are not followed, so loops do no harm and no file counts twice", async () => {
  await write({ "src/a.ts": "a" });
  await symlink(root, join(root, "src/loop"));
  await symlink(join(root, "src"), join(root, "again"));
  await symlink(join(root, "src/a.ts"), join(root, "b.ts"));
  await symlink(join(root, "nowhere"), join(root, "c.ts"));
  expect(names()).toEqual(["a"]);
});

test("of two tasks with one name the first counts, and the other is told where it is", async () => {
  await write({ "b/x.ts": "same other", "a/y.ts": "z same", "c.ts": "one one" });
  const { tasks, problems } = discover(root);
  expect(tasks.map((task) => task.name)).toEqual(["one", "other", "same", "z"]);
  expect(tasks.find((task) => task.name === "same")).toMatchObject({ file: join(root, "a/y.ts"), line: 3 });
  expect(problems).toEqual([
    {
      file: join(root, "b/x.ts"),
      line: 2,
      message: expect.stringContaining(`"same" is already defined in a/y.ts:3`),
    },
    {
      file: join(root, "c.ts"),
      line: 3,
      message: expect.stringContaining(`"one" is already defined in c.ts:2`),
    },
  ]);
});

test("problems come sorted by place and do not hide the rest", async () => {
  await write({
    "b.ts": "good",
    "c.ts": `import { task } from "nuvom";\ntask("fine");\ntask(x);\nfunction f() { task("late") }`,
    "a.ts": `import { task } from "nuvom";\nconst = 1`,
    "unrelated.ts": "\nconst = 1",
  });
  const { tasks, problems } = discover(root);
  expect(tasks.map((task) => task.name)).toEqual(["fine", "good"]);
  expect(problems.map(({ file, line }) => `${file.slice(root.length + 1)}:${line}`)).toEqual([
    "a.ts:2",
    "c.ts:3",
    "c.ts:4",
  ]);
});

test("a root that cannot be read is a problem", async () => {
  const missing = join(root, "missing");
  const { tasks, problems } = discover(missing);
  expect(tasks).toEqual([]);
  expect(problems).toMatchObject([
    { file: missing, unread: true, line: 1, message: expect.stringContaining("cannot be read") },
  ]);
});

/** The superuser may read everything: is another user meanwhile. */
function withoutPrivileges<T>(run: () => T): T {
  if (process.geteuid?.() !== 0) return run();
  process.seteuid?.(65534);
  try {
    return run();
  } finally {
    process.seteuid?.(0);
  }
}

test("files and folders that cannot be read are problems", async () => {
  await write({ "a.ts": "a", "b/b.ts": "b", "c.ts": "c", "d/.gitignore": "", "d/d.ts": "d" });
  await chmod(root, 0o755);
  const closed = ["a.ts", "b", "d/.gitignore"].map((path) => join(root, path));
  for (const path of closed) await chmod(path, 0);
  const { tasks, problems } = withoutPrivileges(() => discover(root));
  for (const path of closed) await chmod(path, 0o755);

  expect(tasks.map((task) => task.name)).toEqual(["c"]);
  expect(problems.map(({ file }) => file)).toEqual([join(root, "a.ts"), join(root, "b"), join(root, "d")]);
  for (const { message } of problems) expect(message).toContain("cannot be read (EACCES");
});

test("many files are found in the same order every time", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`d${i % 7}/e${i % 13}/f${i}.ts`, `t${i % 200}`]),
  );
  await write(files);
  const first = discover(root);
  expect(first.tasks).toHaveLength(200);
  expect(first.problems).toHaveLength(100);
  expect(discover(root, { fresh: true })).toEqual(first);
});
