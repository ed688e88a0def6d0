import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { nuvom } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";

let project: Awaited<ReturnType<typeof temporaryProject>>;

beforeEach(async () => {
  project = await temporaryProject({
    ".gitignore": "node_modules/\n.nuvom/\n",
    "a.ts": 'import { task } from "nuvom";\ntask("a", () => 1);\n',
  });
});

afterEach(() => project[Symbol.dispose]());

const run = (...args: string[]) => nuvom(["tasks", ...args], { cwd: project.path });

function git(...args: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["git", ...args], { cwd: project.path });
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
}

test("a project without problems passes, and nothing is written", async () => {
  const { stdout, stderr, exitCode } = await run("--check");
  expect({ stdout, stderr, exitCode }).toEqual({
    stdout: "TASK  DEFINED AT\na     a.ts:2\n",
    stderr: "",
    exitCode: 0,
  });
  expect(existsSync(project.file(".nuvom"))).toBe(false);
});

test("a problem fails, also in JSON, and is as before without --check", async () => {
  await Bun.write(project.file("b.ts"), 'import { task } from "nuvom";\ntask(process.argv[0], () => 1);\n');
  const checked = await run("--check");
  expect(checked.exitCode).toBe(1);
  expect(checked.stderr).toStartWith("b.ts:2: the name of this task cannot be read");
  expect((await run("--check", "--json")).exitCode).toBe(1);
  expect((await run()).exitCode).toBe(0);
});

test("a manifest in git must say what the sources define", async () => {
  git("init", "--quiet");
  await run();
  git("add", "--force", ".nuvom/manifest.json");
  expect(await run("--check")).toMatchObject({ stderr: "", exitCode: 0 });

  await Bun.write(project.file("b.ts"), 'import { task } from "nuvom";\ntask("b", () => 1);\n');
  const manifest = readFileSync(project.file(".nuvom/manifest.json"), "utf8");
  expect(await run("--check")).toMatchObject({
    stderr: ".nuvom/manifest.json does not say what the sources define: run nuvom tasks and commit it\n",
    exitCode: 1,
  });
  expect(readFileSync(project.file(".nuvom/manifest.json"), "utf8")).toBe(manifest);
  await run();
  expect(await run("--check")).toMatchObject({ stderr: "", exitCode: 0 });
});

test("a manifest that git does not have may be out of date, and need not be there", async () => {
  await run();
  await Bun.write(project.file("b.ts"), 'import { task } from "nuvom";\ntask("b", () => 1);\n');
  expect((await run("--check")).exitCode).toBe(0);
  git("init", "--quiet");
  expect((await run("--check")).exitCode).toBe(0);
  rmSync(project.file(".nuvom"), { recursive: true });
  expect((await run("--check")).exitCode).toBe(0);
});

test("a check believes nothing that is on disk", async () => {
  git("init", "--quiet");
  await run();
  git("add", "--force", ".nuvom/manifest.json");
  const file = project.file(".nuvom/manifest.json");
  await Bun.write(file, readFileSync(file, "utf8").replace('"a"', '"b"'));
  const { stdout, exitCode } = await run("--check");
  expect(stdout).toContain("a     a.ts:2");
  expect(exitCode).toBe(1);
});

test("git offers the manifest alone where the project does not ignore the folder", async () => {
  await Bun.write(project.file(".gitignore"), "node_modules/\n");
  git("init", "--quiet");
  await run();
  const { stdout } = Bun.spawnSync(["git", "status", "--short", "--untracked-files=all"], {
    cwd: project.path,
  });
  expect(
    stdout
      .toString()
      .split("\n")
      .filter((line) => line.includes(".nuvom")),
  ).toEqual(["?? .nuvom/manifest.json"]);
});

test("a worker and enqueue use and leave what is known, too", async () => {
  const storage = `sqlite:${project.file("jobs.db")}`;
  const known = project.file(".nuvom/files.json");
  await nuvom(["worker", "--drain", "--processes", "1", "--storage", storage], { cwd: project.path });
  expect(existsSync(known)).toBe(true);
  rmSync(known);
  const { exitCode } = await nuvom(["enqueue", "a", "--storage", storage], { cwd: project.path });
  expect(exitCode).toBe(0);
  expect(existsSync(known)).toBe(true);
});
