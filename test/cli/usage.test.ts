import { describe, expect, test } from "bun:test";
import { basename, join } from "node:path";
import { version } from "../../package.json";
import { commandLine, plainText, widest } from "../support/command-line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { nuvom } from "../support/programs.ts";
import { fixtures } from "../support/worker.ts";

const folder = join(import.meta.dir, "../../cli/commands");
const names = [...new Bun.Glob("*.ts").scanSync(folder)].map((file) => basename(file, ".ts"));

/** Where a URL of a storage is needed but never opened. */
const unused = "sqlite:/never/opened.db";

describe("help", () => {
  test("of the program lists every command within 80 columns", async () => {
    const { stdout, stderr, exitCode } = await nuvom(["--help"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name} +\\w+`, "m"));
    expect(widest(stdout)).toBeLessThanOrEqual(80);
  });

  test.each([["-h"], ["help"]])("is what `nuvom %s` prints, too", async (word) => {
    expect(await nuvom([word])).toEqual(await nuvom(["--help"]));
  });

  test("is the answer, as an error, to no command at all", async () => {
    const help = await nuvom(["--help"]);
    expect(await nuvom([])).toEqual({ stdout: "", stderr: help.stdout, exitCode: 2 });
  });

  test.each(names)("of %s lists each of its flags within 80 columns", async (name) => {
    const { flags, usage } = (await import(join(folder, `${name}.ts`))).default;
    const { stdout, stderr, exitCode } = await nuvom([name, "--help"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toContain(`Usage: nuvom ${name} ${usage}`.trimEnd());
    for (const flag of [...Object.keys(flags), "help", "verbose"]) {
      expect(stdout).toMatch(new RegExp(`^  --${flag}[ ,].*\\w`, "m"));
    }
    expect(widest(stdout)).toBeLessThanOrEqual(80);
  });

  test("of a command is what -h and `nuvom help` print, too", async () => {
    const help = await nuvom(["status", "--help"]);
    expect(await nuvom(["status", "-h"])).toEqual(help);
    expect(await nuvom(["help", "status"])).toEqual(help);
  });

  test("is printed even if the rest of the call is wrong for the command", async () => {
    expect((await nuvom(["job", "--help"])).exitCode).toBe(0);
  });
});

test("--version prints the version", async () => {
  expect(await nuvom(["--version"])).toEqual({ stdout: `${version}\n`, stderr: "", exitCode: 0 });
});

describe("a wrong call exits with 2 and says on stderr alone", () => {
  const calls: [args: string[], says: string][] = [
    [["enqeue"], `there is no command "enqeue"; did you mean enqueue?`],
    [["toString"], `there is no command "toString"`],
    [["help", "nothing"], `there is no command "nothing"`],
    [["jobs", "--colour"], "Unknown option '--colour'\nSee nuvom jobs --help"],
    [["jobs", "--state"], "'--state <value>' argument missing\nSee nuvom jobs --help"],
    [["enqueue"], "an argument is missing\nUsage: nuvom enqueue <task> [json | -]"],
    [["job"], "an argument is missing\nUsage: nuvom job <id>"],
    [["retry"], "an argument is missing\nUsage: nuvom retry <id>"],
    [["cancel"], "an argument is missing\nUsage: nuvom cancel <id>"],
    [["enqueue", "echo", "{a:", "1}"], `"1}" is an argument too many\nUsage: nuvom enqueue <task>`],
    [["status", "now"], `"now" is an argument too many\nUsage: nuvom status\n`],
    [
      ["status", "--watch"],
      "--watch draws on a terminal; for a program or a file there is nuvom status --json",
    ],
    [["status", "--interval", "5s"], "--interval is for --watch"],
    [["jobs", "--state", "done"], `--state: there is no state "done", only pending, running, succeeded`],
    [["jobs", "--limit", "0"], `--limit must be a whole number of at least 1, not "0"`],
    [["bench", "--jobs", "0"], `--jobs must be a whole number of at least 1, not "0"`],
    [["bench", "--processes", "none"], `--processes: must be a whole number of at least 1, not "none"`],
    [["bench", "--storage", "mysql:x"], `storage "mysql:x" is not known: use sqlite:PATH`],
    [["bench", "--storage", "redis://localhost?prefx=a"], `there is no option "prefx", only prefix, timeout`],
    [["worker", "--processes", "two"], `--processes: must be a whole number of at least 1, not "two"`],
    [["worker", "--concurrency", "1.5"], `--concurrency: must be a whole number of at least 1, not "1.5"`],
    [["worker", "--max-memory", "lots"], '--max-memory: must be a number of bytes or a size such as "512mb"'],
    [["worker", "--grace", "soon"], `--grace: "soon" is not a duration`],
    [["enqueue", "echo", "--in", "5 minutes"], `--in: "5 minutes" is not a duration`],
    [["enqueue", "echo", "--timeout", "never"], `--timeout: "never" is not a duration`],
    [["enqueue", "echo", "--at", "tomorrow"], `--at: "tomorrow" is not a time; write it as 2038-01-19`],
    [["enqueue", "echo", "--attempts", "0"], `--attempts must be a whole number of at least 1, not "0"`],
    [["enqueue", "echo", "--priority", "urgent"], `--priority is high, normal, low, not "urgent"`],
    [["jobs", "--storage", "mysql:x"], `storage "mysql:x" is not known: use sqlite:PATH`],
    [["jobs", "--storage", "sqlite:"], `storage "sqlite:" names no file`],
    [["bench", "--root", "/nowhere/at/all"], "--root: there is no folder /nowhere/at/all"],
  ];

  test.each(calls)("%j", async (args, says) => {
    const { stdout, stderr, exitCode } = await nuvom(args, { env: { NUVOM_STORAGE: unused } });
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toStartWith("nuvom: ");
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test("without passing control characters of its arguments to the terminal", async () => {
    for (const verbose of [[], ["--verbose"]]) {
      const { stderr } = await nuvom(["\u001b[2J\u009b", ...verbose]);
      expect(stderr).toContain("\\x1b[2J\\x9b");
      expect(stderr).toMatch(plainText);
    }
  });
});

test("what fails exits with 1, and shows its stack only with --verbose", async () => {
  await using bench = commandLine();
  const short = await bench.run("job", "nobody");
  expect(short).toEqual({
    stdout: "",
    stderr:
      'nuvom: there is no job nobody in this storage; a finished one is deleted when the time of its task\'s option "keep" is over\n',
    exitCode: 1,
  });
  const long = await bench.run("job", "nobody", "--verbose");
  expect(long).toMatchObject({ stdout: "", exitCode: 1 });
  expect(long.stderr).toMatch(/JobNotFoundError: there is no job nobody.*^ +at .*job\.ts:\d+/ms);
});

test("a storage that cannot be opened is named", async () => {
  using folder = temporaryFolder();
  await Bun.write(folder.file("text"), "not a database, but long enough to be taken for one".repeat(99));
  const { stdout, stderr, exitCode } = await nuvom(["jobs", "--storage", `sqlite:${folder.file("text")}`]);
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
  expect(stderr).toContain(`nuvom: storage ${folder.file("text")}`);
  expect(stderr).not.toMatch(/^ +at /m);
});

describe("the storage is", () => {
  test("the one that --storage names, and without it that of NUVOM_STORAGE", async () => {
    await using named = commandLine();
    await using configured = commandLine();
    const enqueue = ["enqueue", "echo", "--root", fixtures];
    const first = (await configured.run(...enqueue, "--storage", named.storage)).stdout.trim();
    const second = (await configured.run(...enqueue)).stdout.trim();
    expect(await named.client.storage.list({}, { limit: 9 })).toMatchObject([{ id: first }]);
    expect(await configured.client.storage.list({}, { limit: 9 })).toMatchObject([{ id: second }]);
    expect(await configured.json("jobs", "--storage", named.storage)).toMatchObject([{ id: first }]);
  });

  test("a file in the project if nothing names it, from any folder of the project", async () => {
    using project = temporaryFolder();
    await Bun.write(project.file("package.json"), "{}");
    await Bun.write(project.file("src/deep/empty.ts"), "");
    const options = { cwd: project.file("src/deep") };
    const file = project.file(".nuvom/nuvom.db");
    const { stderr, exitCode } = await nuvom(["jobs"], options);
    expect(stderr).toBe(
      `nuvom: storage ${file}: there is no such file yet: the first job, or the first worker, makes it\n`,
    );
    expect(exitCode).toBe(1);
    expect(await Bun.file(file).exists()).toBe(false);
    await nuvom(["worker", "--drain"], options);
    expect((await nuvom(["jobs"], options)).stdout).toBe("no jobs\n");
  });

  test("private to the command with memory:", async () => {
    expect(await nuvom(["jobs", "--storage", "memory:"])).toMatchObject({ stdout: "no jobs\n", exitCode: 0 });
  });
});
