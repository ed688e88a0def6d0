import { expect, test } from "bun:test";
import { withoutPassword } from "../../src/storage/open.ts";
import { widest } from "../support/command-line.ts";
import { nuvom } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";

const config = `
  import { defineConfig } from "nuvom";
  export default defineConfig({
    storage: "redis://ann:s3cret@redis.example/1",
    processes: 2,
    hooks: { onFailure() {} },
  });`;

test("nuvom config shows each value and where it comes from, and no secret", async () => {
  using project = await temporaryProject({ "nuvom.config.ts": config });
  const run = (...args: string[]) =>
    nuvom(["config", "--max-memory", "512mb", ...args], {
      cwd: project.path,
      env: { NUVOM_GRACE: "5m", NUVOM_PROCESES: "3" },
    });
  const { stdout, stderr, exitCode } = await run();
  expect(exitCode).toBe(0);
  expect(widest(stdout)).toBeLessThanOrEqual(80);
  for (const line of [
    /^storage +redis:\/\/ann:\*\*\*@redis.example\/1 +nuvom.config.ts: storage$/m,
    /^processes +2 +nuvom.config.ts: processes$/m,
    /^grace +5m +NUVOM_GRACE$/m,
    /^maxMemory +512mb +--max-memory$/m,
    /^lease +10s +unless given$/m,
  ]) {
    expect(stdout).toMatch(line);
  }
  expect(stderr).toBe(
    "nuvom: the variable NUVOM_PROCESES means nothing to Nuvom: did you mean NUVOM_PROCESSES?\n",
  );
  const json = await run("--json");
  expect(JSON.parse(json.stdout)).toContainEqual({ option: "grace", value: "5m", origin: "NUVOM_GRACE" });
  expect(stdout + json.stdout).not.toContain("s3cret");
});

test("a command refuses a wrong configuration and says where it stands", async () => {
  using project = await temporaryProject({ "nuvom.config.ts": "export default { queue: ['a'] };" });
  for (const command of ["worker", "status", "config"]) {
    const { stderr, exitCode } = await nuvom([command], { cwd: project.path });
    expect(stderr).toBe('nuvom: nuvom.config.ts: there is no option "queue"; did you mean queues?\n');
    expect(exitCode).toBe(2);
  }
});

test.each([
  ["redis://:p@s3cret@host", "redis://:***@host"],
  ["redis://:pa:s3cret@host/1", "redis://:***@host/1"],
  ["redis://ann:a/b3cret@host?prefix=x", "redis://ann:***@host?prefix=x"],
  ["redis://s3cret@host", "redis://***@host"],
  ["postgres://u:s3/cret@h/db", "postgres://u:***@h/db"],
  ["redis://host:6379", "redis://host:6379"],
  ["sqlite:/a@b/c.db", "sqlite:/a@b/c.db"],
])("of the URL %s a person sees %s", (url, shown) => {
  expect(withoutPassword(url)).toBe(shown);
});

test("what is no storage is refused, and not shown", async () => {
  for (const storage of [
    'new URL("redis://:s3cret@h")',
    '["redis://:s3cret@h"]',
    '{ url: "redis://:s3cret@h" }',
  ]) {
    using project = await temporaryProject({ "nuvom.config.ts": `export default { storage: ${storage} };` });
    const { stdout, stderr } = await nuvom(["config"], { cwd: project.path });
    expect(stderr).toBe(
      "nuvom: nuvom.config.ts: storage: must be a URL, a storage, or a function that opens one\n",
    );
    expect(stdout).toBe("");
  }
});

test("what the project's own modules print does not mix with what a command prints", async () => {
  using project = await temporaryProject({
    "tasks.ts": `import { task } from "nuvom"; console.log("a task says"); export const t = task("t", () => 1);`,
    "nuvom.config.ts": 'console.log("config says"); export default {};',
  });
  const run = (...args: string[]) => nuvom(args, { cwd: project.path });
  const added = await run("enqueue", "t", "--json");
  expect(JSON.parse(added.stdout)).toMatchObject({ existing: false });
  expect(added.stderr).toBe("config says\na task says\n");
  const worked = await run("worker", "--log", "json", "--drain", "--processes", "1");
  for (const line of worked.stdout.trim().split("\n")) JSON.parse(line);
});

test("--root names the project whose storage and configuration hold, wherever the command runs", async () => {
  using project = await temporaryProject({
    "tasks.ts": `import { task } from "nuvom"; export const size = task("size", (text: string) => text.length);`,
    "nuvom.config.ts": 'export default { sizeLimit: "10mb", keep: "forever" };',
  });
  using elsewhere = await temporaryProject({ "nuvom.config.ts": "export default { nothing: true };" });
  const run = (command: string[], stdin = "") =>
    nuvom([...command, "--root", project.path], { cwd: elsewhere.path, stdin });
  const text = "x".repeat(2 * 1024 * 1024);
  const added = await run(["enqueue", "size", "-"], JSON.stringify(text));
  expect(added.stderr).toBe("");
  const worked = await run(["worker", "--drain", "--processes", "1"]);
  expect(worked.stdout).toContain(`storage sqlite:${project.file(".nuvom/nuvom.db")}`);
  const { stdout } = await nuvom(["job", added.stdout.trim(), "--json"], { cwd: project.path });
  expect(JSON.parse(stdout)).toMatchObject({ state: "succeeded", result: text.length, keepFor: null });
  expect(await Bun.file(elsewhere.file(".nuvom/nuvom.db")).exists()).toBe(false);
  expect((await run(["doctor"])).stdout).not.toContain("wrong");
});
