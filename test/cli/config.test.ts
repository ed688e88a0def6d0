import { expect, test } from "bun:test";
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
