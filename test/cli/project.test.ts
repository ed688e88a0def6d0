import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { widest } from "../support/command-line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { nuvom } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";

describe("init", () => {
  test("adds a first task and keeps the jobs out of git, and says how to go on", async () => {
    using project = await temporaryProject();
    const { stdout, stderr, exitCode } = await nuvom(["init"], { cwd: project.path });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toBe(
      `created tasks/hello.ts, a first task
added   .nuvom/ to .gitignore: that is where the jobs are kept

Now start a worker:     bunx nuvom worker
and, elsewhere, a job:  bunx nuvom enqueue hello '{"name":"you"}' --wait
`,
    );
    expect(readFileSync(project.file(".gitignore"), "utf8")).toBe(".nuvom/\n");
    const tasks = await nuvom(["tasks"], { cwd: project.path });
    expect(tasks.stdout).toMatch(/^hello +tasks\/hello\.ts:3$/m);
  });

  test("overwrites nothing and repeats nothing", async () => {
    using project = await temporaryProject({ "tasks/hello.ts": "// mine", ".gitignore": "dist" });
    for (let time = 0; time < 2; time++) {
      const { stdout, exitCode } = await nuvom(["init"], { cwd: project.path });
      expect(stdout).toStartWith("kept    tasks/hello.ts, which was there\n");
      expect(exitCode).toBe(0);
    }
    expect(readFileSync(project.file("tasks/hello.ts"), "utf8")).toBe("// mine");
    expect(readFileSync(project.file(".gitignore"), "utf8")).toBe("dist\n.nuvom/\n");
  });

  test("works in the project around the folder, or the one that --root names", async () => {
    using project = await temporaryProject({ "src/deep/empty.ts": "" });
    const inside = await nuvom(["init"], { cwd: project.file("src/deep") });
    expect(inside.stdout).toStartWith("created ../../tasks/hello.ts,");
    using other = await temporaryProject();
    const { exitCode } = await nuvom(["init", "--root", other.path], { cwd: project.path });
    expect(exitCode).toBe(0);
    expect(await Bun.file(other.file("tasks/hello.ts")).exists()).toBe(true);
  });

  test("says what is missing where there is no project", async () => {
    using folder = temporaryFolder();
    const { stderr, exitCode } = await nuvom(["init"], { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("bun init -y");
    expect(await Bun.file(folder.file("tasks/hello.ts")).exists()).toBe(false);
  });

  test("fails clearly where it cannot write", async () => {
    using project = await temporaryProject({ tasks: "a file of this name is in the way" });
    const { stdout, stderr, exitCode } = await nuvom(["init"], { cwd: project.path });
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain("tasks");
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe("tasks", () => {
  test("lists every task and where it is, as seen from the current folder", async () => {
    using project = await temporaryProject({
      "tasks/a.ts": 'import { task } from "nuvom";\nexport const b = task("b", () => 1);\n',
      "src/z.ts": 'import { task } from "nuvom";\n\nexport const a = task("a.first", () => 1);\n',
    });
    const { stdout, stderr, exitCode } = await nuvom(["tasks"], { cwd: project.file("src") });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toBe("TASK     DEFINED AT\na.first  z.ts:3\nb        ../tasks/a.ts:2\n");
  });

  test("reports what it cannot use on stderr, with file and line, and lists the others", async () => {
    using project = await temporaryProject({
      "tasks/broken.ts": 'import { task } from "nuvom";\nexport const x = = task("x", () => 1);\n',
      "tasks/good.ts": 'import { task } from "nuvom";\nexport const good = task("good", () => 1);\n',
    });
    const plain = await nuvom(["tasks"], { cwd: project.path });
    expect(plain.stdout).toBe("TASK  DEFINED AT\ngood  tasks/good.ts:2\n");
    expect(plain.stderr).toMatch(/^tasks\/broken\.ts:2: \S.*\n$/);
    expect(plain.exitCode).toBe(0);
    const { root, tasks, problems } = JSON.parse(
      (await nuvom(["tasks", "--json"], { cwd: project.path })).stdout,
    );
    expect(root).toBe(project.path);
    expect(tasks).toEqual([{ name: "good", file: project.file("tasks/good.ts"), line: 2 }]);
    expect(problems).toEqual([
      { file: project.file("tasks/broken.ts"), line: 2, message: expect.any(String) },
    ]);
  });

  test("says how to begin when there are none", async () => {
    using project = await temporaryProject();
    const { stdout, exitCode } = await nuvom(["tasks", "--root", "."], { cwd: project.path });
    expect(stdout).toBe(`no tasks in ${project.path}; nuvom init adds a first one\n`);
    expect(exitCode).toBe(0);
  });

  test("cuts long names and paths, but never the line number", async () => {
    const name = "a.task.with.a.name.that.goes.on.".repeat(4);
    const file = `${"folder/".repeat(12)}task.ts`;
    using project = await temporaryProject();
    await Bun.write(
      project.file(file),
      `import { task } from "nuvom";\nexport const t = task("${name}", () => 1);\n`,
    );
    const { stdout } = await nuvom(["tasks"], { cwd: project.path });
    expect(widest(stdout)).toBe(80);
    expect(stdout).toMatch(/^a\.task\.with\.\S*… {2}…\S*\/folder\/task\.ts:2$/m);
  });
});

test("a folder that a command cannot read is named", async () => {
  using project = await temporaryProject();
  writeFileSync(project.file("file"), "");
  for (const root of ["nowhere", "file"]) {
    const { stderr } = await nuvom(["tasks", "--root", root], { cwd: project.path });
    expect(stderr).toContain(root);
  }
});
