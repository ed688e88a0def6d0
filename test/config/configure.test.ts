import { afterEach, describe, expect, test } from "bun:test";
import { configure } from "../../src/config/configure.ts";
import { flagOf, type OptionName, optionNames, options, variableOf } from "../../src/config/options.ts";
import { InvalidOptionError, Nuvom, startWorker, task } from "../../src/index.ts";
import { temporaryProject } from "../support/project.ts";

const before = { ...process.env };
afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith("NUVOM_")) delete process.env[name];
  Object.assign(process.env, before);
});

const project = (config?: string) =>
  temporaryProject(config === undefined ? {} : { "nuvom.config.ts": config });

describe("an option", () => {
  test("is as the file says, unless a variable says otherwise, unless it is given", async () => {
    using folder = await project(`
      import { defineConfig } from "nuvom";
      export default defineConfig({ processes: 2, concurrency: 3, lease: "20s", queues: ["a"], recycle: { jobs: 7 } });`);
    process.env.NUVOM_CONCURRENCY = "4";
    process.env.NUVOM_LEASE = "30s";
    process.env.NUVOM_QUEUES = "b, c";
    process.env.NUVOM_RECYCLE_AGE = "1h";
    const { values, origins } = configure(folder.path, { lease: "40s" }, (name) => `--${name}`);
    expect(values).toMatchObject({
      processes: 2,
      concurrency: 4,
      lease: 40_000,
      queues: ["b", "c"],
      "recycle.jobs": 7,
      "recycle.age": 3_600_000,
      "recycle.memory": null,
      killGrace: 2_000,
    });
    expect(origins).toMatchObject({
      processes: "nuvom.config.ts: processes",
      concurrency: "NUVOM_CONCURRENCY",
      lease: "--lease",
      queues: "NUVOM_QUEUES",
      "recycle.jobs": "nuvom.config.ts: recycle.jobs",
      killGrace: null,
    });
  });

  test("that is undefined, or an empty variable, says nothing", async () => {
    using folder = await project("export default { processes: undefined, lease: '20s' };");
    process.env.NUVOM_LEASE = "";
    const { values } = configure(folder.path, { processes: undefined as never, concurrency: 2 });
    expect(values).toMatchObject({ lease: 20_000, concurrency: 2 });
    expect(values.processes).toBeGreaterThan(0);
  });

  test("has a variable and a flag of its own name", () => {
    expect(variableOf("recycle.memory")).toBe("NUVOM_RECYCLE_MEMORY");
    expect(flagOf("maxMemory")).toBe("max-memory");
    for (const of of [variableOf, flagOf]) expect(new Set(optionNames.map(of)).size).toBe(optionNames.length);
  });

  /** A text that each option takes, so that none is read from its variable in another way than from its flag. */
  const texts: Partial<Record<OptionName, [text: string, value: unknown]>> = {
    storage: ["memory:x", "memory:x"],
    include: ["src,lib", ["src", "lib"]],
    exclude: ["*.old.ts", ["*.old.ts"]],
    processes: ["3", 3],
    concurrency: ["3", 3],
    queues: ["a", ["a"]],
    grace: ["5s", 5_000],
    killGrace: ["250", 250],
    lease: ["5s", 5_000],
    importLimit: ["1m", 60_000],
    maxMemory: ["512mb", 512 * 1024 ** 2],
    "recycle.jobs": ["9", 9],
    "recycle.age": ["1d", 86_400_000],
    "recycle.memory": ["1gb", 1024 ** 3],
    sizeLimit: ["2mb", 2 * 1024 ** 2],
    metricsPort: ["9464", 9464],
    metricsHost: ["0.0.0.0", "0.0.0.0"],
  };
  test.each(optionNames.filter((name) => options[name].value !== null))(
    "%s is read from a text",
    async (name) => {
      using folder = await project();
      const [text, value] = texts[name]!;
      process.env[variableOf(name)] = text;
      expect(configure(folder.path).values[name]).toEqual(value as never);
    },
  );
});

describe("it is told, with its place, that", () => {
  test.each([
    [
      "export default { proceses: 2 };",
      'nuvom.config.ts: there is no option "proceses"; did you mean processes?',
    ],
    [
      "export default { recycle: { job: 2 } };",
      'there is no option "recycle.job"; did you mean recycle.jobs?',
    ],
    [
      "export default { processes: 0 };",
      "nuvom.config.ts: processes: must be a whole number of at least 1, not 0",
    ],
    ["export default { lease: 'soon' };", 'nuvom.config.ts: lease: "soon" is not a duration'],
    ["export default { lease: '10ms' };", "nuvom.config.ts: lease: must be at least a second"],
    ["export default { queues: [] };", "nuvom.config.ts: queues: must name at least one"],
    ["export default { storage: 5 };", "nuvom.config.ts: storage: must be a URL"],
    ["export default { keep: { count: -1 } };", "nuvom.config.ts: keep: count: must be a whole number"],
    ["export default { hooks: { onFail() {} } };", 'hooks: there is no hook "onFail"'],
    ["export default { hooks: { onFailure: 3 } };", "nuvom.config.ts: hooks: onFailure must be a function"],
    ["export const config = {};", "nuvom.config.ts must export its options"],
    ["export default (async () => ({}))();", "nuvom.config.ts must export its options"],
    ["export default new Map();", "nuvom.config.ts must export its options"],
    ["export default { recycle: 5 };", "nuvom.config.ts: recycle: must be an object"],
    ["export default { hooks: null };", "nuvom.config.ts: hooks: must be an object of functions"],
    ["export default {\n  processes: 1 lease: 2 };", "nuvom.config.ts cannot be loaded: line 2: "],
    ["export default {", "nuvom.config.ts cannot be loaded"],
    ["await Bun.sleep(1); export default {};", "it must not use await at its top level"],
    ["throw new Error('no luck');", "nuvom.config.ts cannot be loaded: no luck"],
  ])("%s", async (config, message) => {
    using folder = await project(config);
    expect(() => configure(folder.path)).toThrow(InvalidOptionError);
    expect(() => configure(folder.path)).toThrow(message);
  });

  test("a variable has a wrong value", async () => {
    using folder = await project();
    process.env.NUVOM_MAX_MEMORY = "lots";
    expect(() => configure(folder.path)).toThrow("NUVOM_MAX_MEMORY: must be a number of bytes or a size");
  });

  test("a variable is misspelt, or means nothing", async () => {
    using folder = await project();
    process.env.NUVOM_PROCESES = "2";
    process.env.NUVOM_SOMETHING_ELSE = "2";
    process.env.NUVOM_TEST_RUNS = "2";
    expect(configure(folder.path).warnings.sort()).toEqual([
      "the variable NUVOM_PROCESES means nothing to Nuvom: did you mean NUVOM_PROCESSES?",
      "the variable NUVOM_SOMETHING_ELSE means nothing to Nuvom",
    ]);
  });
});

describe("a storage in the file", () => {
  test("starts at the project, wherever the program runs", async () => {
    using folder = await project("export default { storage: 'sqlite:jobs.db?synchronous=normal' };");
    expect(configure(folder.path).values.storage).toBe(`sqlite:${folder.file("jobs.db")}?synchronous=normal`);
  });

  test("may be opened by a function: in the worker, in its processes, and nowhere before", async () => {
    const tasks = `
      import { task } from "nuvom";
      export const second = task("second", () => "done");
      export const first = task("first", async () => (await second.enqueue()).id);`;
    using folder = await temporaryProject({
      "tasks.ts": tasks,
      "nuvom.config.ts": `
        import { appendFileSync } from "node:fs";
        import { defineConfig, openStorage } from "nuvom";
        const storage = () => {
          appendFileSync(import.meta.dir + "/opened", process.pid + "\\n");
          return openStorage("sqlite:" + import.meta.dir + "/own.db");
        };
        export default defineConfig({ storage, processes: 1 });`,
    });
    const { storage } = configure(folder.path).values;
    await using nuvom = new Nuvom({ storage });
    const opened = () => Bun.file(folder.file("opened")).text();
    expect((await opened()).trim().split("\n")).toHaveLength(1);
    const worker = await startWorker({ root: folder.path });
    const job = await nuvom.enqueue(
      task("first", () => ""),
      undefined,
    );
    const second = nuvom.job(await job.result({ timeout: "10s" }));
    expect(await second.result({ timeout: "10s" })).toBe("done");
    await worker.stop();
    expect(new Set((await opened()).trim().split("\n")).size).toBe(2);
  });
});
