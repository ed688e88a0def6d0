import { afterEach, beforeEach, expect, setSystemTime, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { discover } from "../../src/discovery/discover.ts";
import { temporaryFolder } from "../support/folder.ts";

let folder: ReturnType<typeof temporaryFolder>;
let root: string;

beforeEach(() => {
  folder = temporaryFolder();
  root = folder.path;
});

afterEach(() => {
  folder[Symbol.dispose]();
  setSystemTime();
});

const own = (name: string) => `import { task } from "nuvom";\ntask("${name}", run);\n`;
const shared = (name: string) => `import { define } from "./lib.ts";\ndefine("${name}", run);\n`;

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** Lets so much time pass that the time stamps of files are to be trusted. */
function settle(): void {
  setSystemTime(Date.now() + 3_600_000);
}

function sources(): string[] {
  return (readdirSync(root, { recursive: true }) as string[]).filter((path) => path.endsWith(".ts"));
}

const cacheFile = () => join(root, ".nuvom/files.json");
const manifestFile = () => join(root, ".nuvom/manifest.json");

/** Discovers with what is known from before, which must make no difference, and returns which names were found. */
function names() {
  const fresh = discover(root, { fresh: true });
  const { read, ...found } = discover(root);
  expect({ ...found, read: fresh.read, stale: fresh.stale }).toEqual(fresh);
  return { names: found.tasks.map(({ name }) => name), read };
}

test("only what has changed is read", () => {
  write({ "a.ts": own("a"), "b/b.ts": own("b"), "c.ts": "export const c = 1;", "d.ts": "broken nuvom (" });
  settle();
  expect(names()).toEqual({ names: ["a", "b"], read: 4 });
  expect(names()).toEqual({ names: ["a", "b"], read: 0 });
  write({ "a.ts": own("changed"), "e.ts": own("e") });
  settle();
  expect(names()).toEqual({ names: ["b", "changed", "e"], read: 2 });
  renameSync(join(root, "e.ts"), join(root, "f.ts"));
  rmSync(join(root, "b/b.ts"));
  settle();
  expect(names()).toEqual({ names: ["changed", "e"], read: 1 });
  expect(names()).toEqual({ names: ["changed", "e"], read: 0 });
});

test("a file that was touched, or has an older time and another text, is read again", () => {
  write({ "a.ts": own("a"), "b.ts": own("b") });
  settle();
  names();
  utimesSync(join(root, "a.ts"), 1, 1);
  write({ "b.ts": own("c") });
  utimesSync(join(root, "b.ts"), 1, 1);
  settle();
  expect(names()).toEqual({ names: ["a", "c"], read: 2 });
  expect(names()).toEqual({ names: ["a", "c"], read: 0 });
});

test("a file so young that it could change and keep its time is read until it is older", () => {
  write({ "a.ts": own("a") });
  expect(names().read).toBe(1);
  expect(names().read).toBe(1);
  settle();
  expect(names().read).toBe(1);
  expect(names().read).toBe(0);
});

test("files that import task from another file are read when what that exports changes", () => {
  write({
    "lib.ts": 'export { task as define } from "nuvom";',
    "a.ts": shared("a"),
    "b.ts": shared("b"),
    "c.ts": own("c"),
    "d.ts": "export const define = 1;",
    "e.ts": "export const nothing = 1;",
  });
  settle();
  expect(names()).toEqual({ names: ["a", "b", "c"], read: 6 });
  expect(names()).toEqual({ names: ["a", "b", "c"], read: 0 });
  write({ "lib.ts": 'export { task as define } from "other"; // nuvom' });
  settle();
  expect(names().names).toEqual(["c"]);
  write({ "lib.ts": 'export * as define from "nuvom";' });
  settle();
  expect(names().names).toEqual(["c"]);
  write({ "lib.ts": 'import * as all from "nuvom";\nexport const define = all.task;' });
  settle();
  expect(names().names).toEqual(["a", "b", "c"]);
  expect(names().read).toBe(0);
  rmSync(join(root, "lib.ts"));
  write({ "lib.ts/index.ts": "" });
  expect(names().names).toEqual(["c"]);
});

test("another name under which task is exported is looked for everywhere, and the same name in a new file", () => {
  write({ "a.ts": shared("a"), "b/b.ts": shared("b"), "lib.ts": 'export { task as other } from "nuvom";' });
  settle();
  expect(names().names).toEqual([]);
  write({ "lib.ts": 'export { task as define } from "nuvom";' });
  settle();
  expect(names().names).toEqual(["a"]);
  write({ "b/lib.ts": 'export { task as define } from "nuvom";' });
  settle();
  expect(names().names).toEqual(["a", "b"]);
  expect(names().read).toBe(0);
});

test("nothing is written when nothing has changed, and no file is left behind", () => {
  write({ "a.ts": own("a") });
  settle();
  names();
  const before = [cacheFile(), manifestFile()].map((path) => statSync(path).ino);
  names();
  expect([cacheFile(), manifestFile()].map((path) => statSync(path).ino)).toEqual(before);
  expect(readdirSync(join(root, ".nuvom")).sort()).toEqual([".gitignore", "files.json", "manifest.json"]);
});

test("the manifest says which files define which tasks, the same wherever the project lies", () => {
  write({ "tasks/b.ts": own("b"), "a.ts": own("z") + own("y").split("\n")[1], "c.ts": "" });
  names();
  expect(JSON.parse(readFileSync(manifestFile(), "utf8"))).toEqual({
    version: 1,
    files: {
      "a.ts": {
        hash: expect.any(String),
        tasks: [
          { name: "y", line: 3, mayRecur: true, isolation: "shared" },
          { name: "z", line: 2, mayRecur: true, isolation: "shared" },
        ],
      },
      "tasks/b.ts": {
        hash: expect.any(String),
        tasks: [{ name: "b", line: 2, mayRecur: true, isolation: "shared" }],
      },
    },
  });
  const manifest = readFileSync(manifestFile(), "utf8");
  using other = temporaryFolder();
  for (const path of sources().reverse()) {
    mkdirSync(dirname(other.file(path)), { recursive: true });
    writeFileSync(other.file(path), readFileSync(join(root, path)));
  }
  discover(other.path);
  expect(readFileSync(other.file(".nuvom/manifest.json"), "utf8")).toBe(manifest);
});

test("a manifest that is out of date is told from one that is not", () => {
  write({ "a.ts": own("a") });
  expect(discover(root, { fresh: true }).stale).toBe(false);
  expect(existsSync(join(root, ".nuvom"))).toBe(false);
  expect(discover(root).stale).toBe(false);
  write({ "a.ts": own("b") });
  expect(discover(root, { fresh: true }).stale).toBe(true);
  expect(discover(root).stale).toBe(false);
  expect(discover(root, { fresh: true }).stale).toBe(false);
});

test("a cache or manifest that is damaged, of another version, or no file is made anew", () => {
  write({ "a.ts": own("a"), "b.ts": "" });
  settle();
  names();
  const cache = readFileSync(cacheFile(), "utf8");
  const manifest = readFileSync(manifestFile(), "utf8");
  const seal = cache.slice(0, cache.indexOf("\n") + 1);
  for (const damaged of [
    "",
    "{",
    "null",
    "[]",
    '["0",\n{}\n]',
    "\0".repeat(100),
    `${seal}{}\n]\n`,
    cache.slice(0, -5),
  ]) {
    writeFileSync(cacheFile(), damaged);
    writeFileSync(manifestFile(), damaged);
    expect(names()).toEqual({ names: ["a"], read: 2 });
    expect(readFileSync(cacheFile(), "utf8")).toBe(cache);
    expect(readFileSync(manifestFile(), "utf8")).toBe(manifest);
  }
  for (const path of [cacheFile(), manifestFile()]) {
    rmSync(path);
    mkdirSync(join(path, "full"), { recursive: true });
  }
  expect(names()).toEqual({ names: ["a"], read: 2 });
});

test("no single change to the cache can change what is found", () => {
  write({
    "a.ts": own("a"),
    "b.ts": "",
    "lib.ts": 'export { task as define } from "nuvom";',
    "c.ts": shared("c"),
  });
  settle();
  names();
  const cache = readFileSync(cacheFile(), "utf8");
  fc.assert(
    fc.property(fc.nat(cache.length - 1), fc.string({ maxLength: 3 }), fc.nat(3), (at, text, removed) => {
      writeFileSync(cacheFile(), cache.slice(0, at) + text + cache.slice(at + removed));
      expect(names().names).toEqual(["a", "c"]);
    }),
  );
});

test("a folder that cannot be written is no problem", () => {
  write({ "a.ts": own("a") });
  chmodSync(root, 0o555);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    expect(names()).toEqual({ names: ["a"], read: 1 });
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(root, 0o755);
  }
  expect(existsSync(join(root, ".nuvom"))).toBe(false);
  writeFileSync(join(root, ".nuvom"), "a file of this name is in the way");
  expect(names()).toEqual({ names: ["a"], read: 1 });
});

test("many programs may discover at once", async () => {
  write(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}.ts`, own(`t${i}`)])));
  settle();
  const module = join(import.meta.dir, "../../src/discovery/discover.ts");
  const source = `import { discover } from ${JSON.stringify(module)};
    for (let i = 0; i < 20; i++) {
      require("node:fs").rmSync(${JSON.stringify(cacheFile())}, { force: true });
      const { tasks, problems } = discover(${JSON.stringify(root)});
      if (tasks.length !== 200 || problems.length > 0) process.exit(1);
    }`;
  const programs = Array.from({ length: 6 }, () =>
    Bun.spawn([process.execPath, "--eval", source], { stdio: ["ignore", "inherit", "inherit"] }),
  );
  expect(await Promise.all(programs.map((program) => program.exited))).toEqual([0, 0, 0, 0, 0, 0]);
  expect(names().names).toHaveLength(200);
  expect(readdirSync(join(root, ".nuvom")).length).toBe(3);
});

const path = fc.constantFrom(
  "a.ts",
  "b.ts",
  "lib.ts",
  "x/a.ts",
  "x/lib.ts",
  "lib/index.ts",
  "x/lib.js",
  ".gitignore",
);
/** Each of another length, as the clock of the file system may not tick between two edits. */
const text = fc.constantFrom(
  "",
  "a.ts\n!x/",
  own("one"),
  own("second"),
  shared("three"),
  shared("four").replace("./lib.ts", "../lib"),
  shared("five").replace(".ts", ".js"),
  'import lib from "./lib"; lib("six", run);',
  'import * as lib from "./lib"; lib.define("seven"); lib.n.task("eight");',
  'export { task as define } from "nuvom";',
  'export * from "nuvom"; export * as n from "nuvom";',
  'import { task } from "nuvom"; export default task; export const define = task;',
  'export { define } from "./lib.ts";',
  'import { task } from "nuvom"; task(',
  'import { define } from "./lib.ts"; define(',
  '// @generated\nexport { task as define } from "nuvom";',
);

test("whatever is edited, added, removed and renamed, the same is found as without a cache", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ kind: fc.constant("write"), path, text, other: path }),
          fc.record({ kind: fc.constantFrom("remove", "rename"), path, text, other: path }),
        ),
        { minLength: 5, maxLength: 30 },
      ),
      fc.boolean(),
      (edits, isOld) => {
        rmSync(root, { recursive: true });
        mkdirSync(root);
        setSystemTime();
        for (const { kind, path, text, other } of edits) {
          try {
            if (kind === "write") write({ [path]: text });
            if (kind === "remove") rmSync(join(root, path), { force: true });
            if (kind === "rename") renameSync(join(root, path), join(root, other));
          } catch {
            // A folder is in the way, or there is no such file.
          }
          if (isOld) settle();
          names();
        }
      },
    ),
    { numRuns: 100 },
  );
});
