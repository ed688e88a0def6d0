import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { Changes } from "../../cli/changes.ts";
import { Nuvom, task } from "../../src/index.ts";
import { startNuvom } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";
import { startRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";

const greeting = (text: string) => `
  import { task } from "nuvom";
  export const greet = task("greet", () => ${JSON.stringify(text)});`;

const waiting = `
  import { existsSync } from "node:fs";
  import { task } from "nuvom";
  export const wait = task("wait", async () => {
    await Bun.write("began", "");
    while (!existsSync("go")) await Bun.sleep(20);
    return "old";
  });`;

/** `nuvom dev` in a project, once its worker has started, and a client. */
async function develop(files: Record<string, string>) {
  const project = await temporaryProject(files);
  const storage = `sqlite:${project.file("jobs.db")}`;
  const dev = startNuvom(["dev", "--processes", "1"], { cwd: project.path, env: { NUVOM_STORAGE: storage } });
  const nuvom = new Nuvom({ storage });
  const workers = async () => (await nuvom.storage.workers()).map(({ pid }) => pid);
  await until(async () => (await workers()).length === 1);
  return {
    project,
    dev,
    workers,
    run: async (name: string) =>
      nuvom.enqueue(
        task<unknown, unknown>(name, () => null),
        undefined,
      ),
    async [Symbol.asyncDispose]() {
      dev.program.kill("SIGINT");
      const { exitCode } = await dev.ended;
      expect(exitCode).toBe(0);
      // What was its own has ended with it.
      for (const pid of await workers()) expect(() => process.kill(pid, 0)).toThrow();
      await nuvom.close();
      project[Symbol.dispose]();
    },
  };
}

describe("nuvom dev", () => {
  test("runs new jobs with what was saved, while those that run end as they began", async () => {
    await using site = await develop({ "tasks/greet.ts": greeting("first"), "wait.ts": waiting });
    expect(await (await site.run("greet")).result({ timeout: "20s" })).toBe("first");
    const long = await site.run("wait");
    await until(site.project.file("began"));
    const [old] = await site.workers();
    await Bun.write(site.project.file("tasks/greet.ts"), greeting("second"));
    await until(async () => (await site.workers()).some((pid) => pid !== old));
    expect(await (await site.run("greet")).result({ timeout: "20s" })).toBe("second");
    expect(await long.state()).toBe("running");
    await Bun.write(site.project.file("go"), "");
    expect(await long.result({ timeout: "20s" })).toBe("old");
    expect((await long.get()).attempt).toBe(1);
    await until(async () => !(await site.workers()).includes(old!));
  }, 60_000);

  test("says where a mistake is, keeps going, and the jobs wait until it is mended", async () => {
    await using site = await develop({
      "tasks/greet.ts": greeting("first"),
      "other.ts": greeting("x").replaceAll("greet", "other"),
    });
    await Bun.write(site.project.file("tasks/greet.ts"), 'import { task } from "nuvom"; export const = 5;');
    await until(async () => site.dev.errors.text.includes("tasks/greet.ts:1: does not parse"));
    const job = await site.run("greet");
    await until(async () => (await job.get()).parked !== null);
    await Bun.write(site.project.file("tasks/greet.ts"), greeting("mended"));
    expect(await job.result({ timeout: "30s" })).toBe("mended");
  }, 60_000);

  test("sees a task in a folder that is new, and a changed configuration, also after a wrong one", async () => {
    await using site = await develop({ "tasks/greet.ts": greeting("first") });
    mkdirSync(site.project.file("more/deep"), { recursive: true });
    await Bun.write(site.project.file("more/deep/late.ts"), greeting("late").replace('"greet"', '"late"'));
    expect(await (await site.run("late")).result({ timeout: "30s" })).toBe("late");
    const config = site.project.file("nuvom.config.ts");
    await Bun.write(config, "export default { proceses: 1 };");
    await until(async () => site.dev.errors.text.includes("did you mean processes?"));
    expect(await (await site.run("late")).result({ timeout: "30s" })).toBe("late");
    const hooks = "{ onSuccess: () => Bun.write('heard', 'success') }";
    const [old] = await site.workers();
    await Bun.write(config, `export default { hooks: ${hooks} };`);
    await until(async () => (await site.workers()).some((pid) => pid !== old));
    await until(async () => !(await site.workers()).includes(old!));
    expect(await (await site.run("greet")).result({ timeout: "30s" })).toBe("first");
    await until(site.project.file("heard"));
  }, 60_000);

  test("sees what a task imports, and the configuration, although they are not where tasks are looked for", async () => {
    await using site = await develop({
      "tasks/greet.ts": `
        import { task } from "nuvom";
        import { text } from "../lib/text.ts";
        export const greet = task("greet", () => text);`,
      "lib/text.ts": 'export const text = "first";',
      "nuvom.config.ts": "export default { include: ['tasks'] };",
    });
    expect(await (await site.run("greet")).result({ timeout: "20s" })).toBe("first");
    const [old] = await site.workers();
    await Bun.write(site.project.file("lib/text.ts"), 'export const text = "second";');
    await until(async () => (await site.workers()).some((pid) => pid !== old));
    expect(await (await site.run("greet")).result({ timeout: "20s" })).toBe("second");
  }, 60_000);

  test("lets go of a worker that is still starting", async () => {
    await using server = await startRedis();
    const storage = `${server.url}?timeout=500ms`;
    using project = await temporaryProject({ "tasks/greet.ts": greeting("first") });
    await server.kill();
    const dev = startNuvom(["dev", "--processes", "1"], {
      cwd: project.path,
      env: { NUVOM_STORAGE: storage },
    });
    await until(async () => dev.output.text.includes("cannot be reached"));
    await Bun.write(project.file("tasks/greet.ts"), greeting("second"));
    await until(async () => dev.errors.text.includes("the sources have changed"));
    await server.restart();
    await using nuvom = new Nuvom({ storage });
    await until(async () => /stopped +everything/.test(dev.output.text));
    await until(async () => (await nuvom.storage.workers()).length === 1);
    dev.program.kill("SIGINT");
    expect((await dev.ended).exitCode).toBe(0);
  }, 60_000);

  test("is not held up by a folder that it may not watch, nor by the project's end", async () => {
    using project = await temporaryProject({ "tasks/greet.ts": greeting("first") });
    const changes = new Changes();
    expect(changes.watch([project.path, project.file("nowhere")])).toBe(true);
    expect(changes.watch([project.path, project.file("nowhere")])).toBe(false);
    expect(changes.watch([project.file("tasks/greet.ts"), "/proc/1/nothing"])).toBe(true);
    changes.close();
  });

  test("leaves no worker behind when it is killed", async () => {
    const site = await develop({ "tasks/greet.ts": greeting("first") });
    const [pid] = await site.workers();
    site.dev.program.kill("SIGKILL");
    await until(async () => {
      try {
        return !process.kill(pid!, 0);
      } catch {
        return true;
      }
    });
    site.project[Symbol.dispose]();
  }, 30_000);
});
