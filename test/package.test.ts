import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import manifest from "../package.json";
import { temporaryFolder } from "./support/folder.ts";
import { until } from "./support/until.ts";

const repository = join(import.meta.dir, "..");
const tsc = join(repository, "node_modules/.bin/tsc");

/** A folder outside the repository: the tarball, a `bin` with `bun`, and the project of a user. */
const folder = temporaryFolder();
const project = folder.file("project");
const tarball = folder.file(`nuvom-${manifest.version}.tgz`);

function start(command: string[], cwd = project) {
  const path = `${folder.file("bin")}${delimiter}${process.env.PATH}`;
  return Bun.spawn(command, {
    cwd,
    env: { ...process.env, PATH: path, NUVOM_STORAGE: "", FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function run(command: string[], cwd?: string) {
  const program = start(command, cwd);
  const [stdout, stderr] = await Promise.all([program.stdout.text(), program.stderr.text()]);
  return { stdout, stderr, exitCode: await program.exited };
}

async function succeed(command: string[], cwd?: string): Promise<string> {
  const { stdout, stderr, exitCode } = await run(command, cwd);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} exited with ${exitCode}:\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(async () => {
  mkdirSync(folder.file("bin"));
  mkdirSync(project);
  symlinkSync(process.execPath, folder.file("bin/bun"));
  await succeed(["bun", "pm", "pack", "--destination", folder.path], repository);
  await succeed(["bun", "init", "-y"]);
  await succeed(["bun", "add", tarball]);
}, 60_000);

afterAll(() => folder[Symbol.dispose]());

describe("the package", () => {
  test("holds the sources, the command line, a declaration of each source, the documents, and nothing else", async () => {
    const entries = await new Bun.Archive(await Bun.file(tarball).bytes()).files();
    const packed = [...entries.keys()].map((path) => path.replace(/^package\//, ""));
    const sources = [...new Bun.Glob("{src,cli}/**/*").scanSync(repository)];
    const declarations = packed.filter((path) => path.startsWith("types/"));
    const documents = [...new Bun.Glob("docs/**/*").scanSync(repository)];
    expect(packed.filter((path) => !declarations.includes(path)).sort()).toEqual(
      [...sources, ...documents, "package.json", "README.md", "LICENSE", "CHANGELOG.md"].sort(),
    );
    const declared = declarations.map((path) => path.replace(/^types\/(.*)\.d\.ts$/, "$1.ts"));
    expect(declared.filter((path) => !sources.includes(path))).toEqual([]);
    for (const entry of [
      manifest.exports["."],
      manifest.exports["./testing"],
      manifest.exports["./monitoring"],
    ]) {
      expect(packed).toContain(entry.types.slice(2));
      expect(packed).toContain(entry.default.slice(2));
    }
  });

  test("runs a first job: init, a worker in another terminal, enqueue --wait", async () => {
    expect(await succeed(["bun", "x", "nuvom", "init"])).toContain("created tasks/hello.ts");
    const worker = start(["bun", "x", "nuvom", "worker"]);
    try {
      await until(join(project, ".nuvom/nuvom.db"));
      await until(async () => (await succeed(["bun", "x", "nuvom", "status"])).includes("HOST/PID"));
      const greeting = await run(["bun", "x", "nuvom", "enqueue", "hello", '{"name":"x"}', "--wait"]);
      expect(greeting).toEqual({ stdout: "Hello, x!\n", stderr: "", exitCode: 0 });
      worker.kill("SIGTERM");
      expect(await worker.exited).toBe(0);
      expect(await worker.stdout.text()).toMatch(/succeeded hello \S+ in \d+m?s\n.*stopped/);
    } finally {
      worker.kill("SIGKILL");
    }
  }, 30_000);

  test("has what its bench runs", async () => {
    const figures = JSON.parse(await succeed(["bun", "x", "nuvom", "bench", "--jobs", "10", "--json"]));
    expect(figures).toMatchObject({ run: { jobs: 10, problem: null }, start: { jobs: 1, problem: null } });
  }, 30_000);
});

describe("the types", () => {
  const strict = {
    target: "ESNext",
    lib: ["ESNext"],
    types: ["bun"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    noImplicitOverride: true,
    noImplicitReturns: true,
    noUnusedLocals: true,
    isolatedModules: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: false,
    // Emits, since a library's author also needs names for all the types that were inferred.
    declaration: true,
    emitDeclarationOnly: true,
    outDir: "declarations",
  };
  const withoutBun = { ...strict, types: [], lib: ["ESNext", "DOM"] };

  beforeAll(() => cpSync(join(import.meta.dir, "user-project"), project, { recursive: true }));

  const compile = (config: string) => run([tsc, "--pretty", "false", "--project", config]);

  const settings: [name: string, compilerOptions: object][] = [
    ["with everything strict, for a bundler", { ...strict, module: "Preserve", moduleResolution: "bundler" }],
    ["without Bun's types, for Node", { ...withoutBun, module: "NodeNext" }],
  ];

  test.each(settings)(
    "are clean and refuse what is wrong %s",
    async (_, compilerOptions) => {
      const config = join(project, "tsconfig.strict.json");
      await Bun.write(config, JSON.stringify({ compilerOptions, files: ["right.ts", "wrong.ts"] }));
      expect(await compile(config)).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    },
    30_000,
  );

  test("are clean under the tsconfig of bun init, the first task included", async () => {
    expect(await compile(".")).toEqual({ stdout: "", stderr: "", exitCode: 0 });
  }, 30_000);

  test("make a wrong input an error that names the field", async () => {
    const file = join(project, "typo.ts");
    await Bun.write(
      file,
      'import { sum } from "./right.ts";\nawait sum.enqueue({ x: "not a number", y: 2 });\n',
    );
    const { stdout, exitCode } = await compile(".");
    expect(stdout).toContain("typo.ts(2,21): error TS2322: Type 'string' is not assignable to type 'number'");
    expect(exitCode).not.toBe(0);
  }, 30_000);
});
