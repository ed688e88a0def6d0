import { describe, expect, test } from "bun:test";
import { Nuvom, startWorker, task } from "../../src/index.ts";
import { temporaryProject } from "../support/project.ts";
import { until } from "../support/until.ts";

const files = {
  "tasks/sum.ts": `
    import { task } from "nuvom";
    export const sum = task("sum", ({ x, y }: { x: number; y: number }) => ({ sum: x + y, pid: process.pid }));
    export const exits = task("exits", { retry: { attempts: 1 }, run: () => process.exit(3) });
    export const here = task("here", { isolation: "none", run: () => process.pid });
    export const tick = task("tick", { every: "1h", run: () => {} });`,
  "app.ts": `
    import { appendFileSync } from "node:fs";
    import { startWorker } from "nuvom";
    import { exits, here, sum, tick } from "./tasks/sum.ts";
    const worker = await startWorker({
      tasks: [sum, exits, here, tick],
      processes: 1,
      hooks: { onSuccess: ({ task }) => appendFileSync("heard", task + "\\n") },
    });
    console.log("only the program itself comes here", process.argv[2]);
    process.on("SIGTERM", () => worker.stop());
    await worker.stopped;`,
};

const builds: [string, (root: string) => string[]][] = [
  ["a program that bun runs", () => [process.execPath, "app.ts"]],
  [
    "a bundle",
    (root) => {
      build(root, "--outfile=bundle/app.js");
      return [process.execPath, "bundle/app.js"];
    },
  ],
  [
    "a compiled program",
    (root) => {
      build(root, "--compile", "--outfile=app");
      return [`${root}/app`];
    },
  ],
];

function build(root: string, ...args: string[]) {
  const { exitCode, stderr } = Bun.spawnSync(
    [process.execPath, "build", "app.ts", "--target=bun", "--minify", ...args],
    { cwd: root },
  );
  if (exitCode !== 0) throw new Error(stderr.toString());
}

describe.each(builds)("%s that hands over its tasks", (_, command) => {
  test("runs them in isolated processes of its own kind", async () => {
    using project = await temporaryProject(files);
    const storage = `sqlite:${project.file("jobs.db")}`;
    const program = Bun.spawn([...command(project.path), "argument"], {
      cwd: project.path,
      env: { ...process.env, NUVOM_STORAGE: storage },
      stdout: "pipe",
      stderr: "inherit",
    });
    await using nuvom = new Nuvom({ storage });
    const declared = (name: string) => task<unknown, { sum: number; pid: number }>(name, () => null as never);
    const jobs = [1, 2, 3].map((y) => nuvom.enqueue(declared("sum"), { x: 1, y }));
    for (const [index, job] of jobs.entries()) {
      const { sum, pid } = await (await job).result({ timeout: "20s" });
      expect(sum).toBe(index + 2);
      expect(pid).not.toBe(program.pid);
    }
    const exits = await nuvom.enqueue(declared("exits"), undefined);
    expect(exits.result({ timeout: "20s" })).rejects.toThrow("exit code 3");
    await exits.result().catch(() => {});
    const here = await nuvom.enqueue(declared("here"), undefined);
    expect(await here.result({ timeout: "20s" })).toBe(program.pid as never);
    await until(async () => (await nuvom.schedules()).some(({ id }) => id === "tick"));
    program.kill("SIGTERM");
    expect(await program.stdout.text()).toBe("only the program itself comes here argument\n");
    expect(await program.exited).toBe(0);
    expect((await Bun.file(project.file("heard")).text()).split("\n").sort().slice(1)).toEqual([
      "here",
      "sum",
      "sum",
      "sum",
    ]);
  }, 60_000);
});

test("a bundle that hands nothing over is told what to do", async () => {
  using project = await temporaryProject({
    "app.ts": `import { startWorker } from "nuvom"; await startWorker({ storage: "memory:" });`,
  });
  build(project.path, "--outfile=bundle/app.js");
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, "bundle/app.js"], { cwd: project.path });
  expect(exitCode).toBe(1);
  expect(stderr.toString()).toContain("startWorker({ tasks: [welcome, add] })");
});

test("its processes start where it was started, and what a job starts does not inherit its storage", async () => {
  using project = await temporaryProject({
    "deep/text": "here",
    "app.ts": `
      import { readFileSync } from "node:fs";
      import { startWorker, task } from "nuvom";
      const text = readFileSync("text", "utf8");
      const look = task("look", () => {
        const inOther = "import { Nuvom } from 'nuvom'; const { storage } = new Nuvom(); console.log(await storage.counts())";
        const { stdout } = Bun.spawnSync([process.execPath, "-e", inOther], { cwd: ".." });
        return [text, stdout.toString()];
      });
      if (process.argv[2] === "twice") await startWorker({ tasks: [look], storage: "memory:" });
      const worker = await startWorker({ tasks: [look], processes: 1, drain: true, storage: process.argv[3] });
      await worker.stopped;`,
  });
  const storage = `sqlite:${project.file("jobs.db")}`;
  await using nuvom = new Nuvom({ storage });
  const job = await nuvom.enqueue(
    task<unknown, unknown>("look", () => null),
    undefined,
  );
  const { NUVOM_STORAGE: _, ...env } = process.env;
  const run = (how: string) =>
    Bun.spawnSync([process.execPath, "../app.ts", how, storage], { cwd: project.file("deep"), env });
  expect(run("once").stderr.toString()).toBe("");
  expect(await job.result()).toEqual(["here", "[]\n"]);
  expect(run("twice").stderr.toString()).toContain("a program can hand over its tasks once");
}, 30_000);

test("a program that is run from its sources is another when one of them is", async () => {
  const source = (schema: string) => `
    import { task } from "nuvom";
    import { z } from "zod";
    export const v = task("v", { input: ${schema}, run: (x) => "ok " + x });`;
  using project = await temporaryProject({
    "tasks.ts": source("z.number()"),
    "app.ts": `
      import { startWorker } from "nuvom";
      import { v } from "./tasks.ts";
      await (await startWorker({ tasks: [v], processes: 1, drain: true })).stopped;`,
  });
  const storage = `sqlite:${project.file("jobs.db")}`;
  await using nuvom = new Nuvom({ storage });
  const job = await nuvom.enqueue(
    task<unknown, unknown>("v", () => null),
    "x",
  );
  const run = () =>
    Bun.spawnSync([process.execPath, "app.ts"], {
      cwd: project.path,
      env: { ...process.env, NUVOM_STORAGE: storage },
    });
  run();
  expect((await job.get()).parked).not.toBeNull();
  await Bun.write(project.file("tasks.ts"), source("z.string()"));
  run();
  expect(await job.result()).toBe("ok x");
}, 30_000);

test("of two tasks of one name none is run", async () => {
  const twins = [task("twin", () => 1), task("twin", () => 2)];
  expect(startWorker({ storage: "memory:", tasks: twins })).rejects.toThrow(
    'there are two of the name "twin"',
  );
});
