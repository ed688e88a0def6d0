import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure, Results } from "../../bench/figures.ts";
import { commit } from "../../bench/machine.ts";
import { optionsOf } from "../../bench/options.ts";
import { resultsFile } from "../../bench/report/main.ts";
import { temporaryFolder } from "../support/folder.ts";

const main = join(import.meta.dir, "../../bench/main.ts");

async function bench(...args: string[]) {
  return benchIn(tmpdir(), ...args);
}

async function benchIn(temporary: string, ...args: string[]) {
  const env = { ...process.env, TMPDIR: temporary };
  const program = Bun.spawn([process.execPath, main, ...args], { env, stdout: "pipe", stderr: "pipe" });
  const [stderr, exitCode] = await Promise.all([program.stderr.text(), program.exited]);
  return { stderr, exitCode };
}

test("measures what is selected in turns, and keeps it where it is told to", async () => {
  using folder = temporaryFolder();
  const output = folder.file("results.json");
  const only = ["drain bare", "one time NUVOM redis", "start-up"].flatMap((text) => ["--only", text]);
  const { stderr, exitCode } = await bench(
    "--no-peers",
    "--quick",
    "--rounds",
    "2",
    ...only,
    "--output",
    output,
  );
  expect(stderr.replaceAll(/[\d,.]+ (jobs\/s|ms)$/gm, "N $1").split("\n")).toEqual([
    "1 of 8, round 1: redis/one at a time, Nuvom on Redis: N jobs/s",
    "2 of 8, round 1: sqlite/drain, bare SQLite: N jobs/s",
    "3 of 8, round 1: redis/drain, bare Redis: N jobs/s",
    "4 of 8, round 2: redis/one at a time, Nuvom on Redis: N jobs/s",
    "5 of 8, round 2: redis/drain, bare Redis: N jobs/s",
    "6 of 8, round 2: sqlite/drain, bare SQLite: N jobs/s",
    "7 of 8, round 1: start-up/to the first job, Nuvom on SQLite: N ms",
    "7 of 8, round 1: start-up/to the first job, Nuvom on Redis: N ms",
    "8 of 8, round 2: start-up/to the first job, Nuvom on SQLite: N ms",
    "8 of 8, round 2: start-up/to the first job, Nuvom on Redis: N ms",
    `wrote ${output}`,
    "",
  ]);
  expect(exitCode).toBe(0);

  const results = (await Bun.file(output).json()) as Results;
  const figure = (measurement: string, contestant: string, unit: Figure["unit"]) => {
    return { measurement, contestant, unit, values: [expect.any(Number), expect.any(Number)], problems: [] };
  };
  const text = expect.stringMatching(/./);
  expect(results).toEqual({
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    machine: {
      processor: text,
      cores: expect.any(Number),
      memory: expect.stringMatching(/^\d+\.\d GiB$/),
      system: text,
      disk: text,
    },
    versions: expect.objectContaining({ Bun: Bun.version, SQLite: expect.stringMatching(/^3\.\d/) }),
    commit: commit(),
    rounds: 2,
    contestants: [
      expect.objectContaining({ name: "Nuvom on Redis", kind: "nuvom", storage: "redis" }),
      expect.objectContaining({ name: "bare SQLite", kind: "ceiling", survives: "power failure" }),
      expect.objectContaining({ name: "bare Redis", setup: text }),
    ],
    figures: [
      figure("redis/one at a time", "Nuvom on Redis", "jobs/s"),
      figure("sqlite/drain", "bare SQLite", "jobs/s"),
      figure("redis/drain", "bare Redis", "jobs/s"),
      figure("start-up/to the first job", "Nuvom on SQLite", "ms"),
      figure("start-up/to the first job", "Nuvom on Redis", "ms"),
    ],
  });
}, 60_000);

test("says at the end what of Nuvom could not be measured, and exits with 1", async () => {
  const only = ["--only", "one time nuvom sqlite synchronous"];
  const { stderr, exitCode } = await benchIn("/nowhere", "--no-peers", "--quick", ...only);
  const name = "sqlite/one at a time, Nuvom on SQLite, synchronous=normal: failed: ";
  const [kept, measured, missing] = stderr.split("\n");
  expect(kept).toBe("Not everything is measured, so this is not kept; --output FILE keeps it.");
  expect(measured).toStartWith(`1 of 1, round 1: ${name}`);
  expect(missing).toStartWith(name);
  expect(exitCode).toBe(1);
});

test("says what can be measured when nothing is selected", async () => {
  const { stderr, exitCode } = await bench("--no-peers", "--only", "bul bare no such");
  expect(stderr).toStartWith("--only leaves nothing of what can be measured:\n");
  expect(stderr).toContain("\nsqlite/bulk, bare SQLite\n");
  expect(stderr).toContain("\nstart-up\n");
  expect(exitCode).toBe(1);
});

test("only results of everything go to the committed file, and only they change the documents", () => {
  const destinationOf = (...args: string[]) => {
    const { output, report } = optionsOf(args) as Exclude<ReturnType<typeof optionsOf>, "help">;
    return { output, report };
  };
  expect(destinationOf()).toEqual({ output: resultsFile, report: true });
  expect(destinationOf("--rounds", "1", "--no-report")).toEqual({ output: resultsFile, report: false });
  expect(destinationOf("--output", "some.json")).toEqual({ output: "some.json", report: false });
  for (const partial of [["--quick"], ["--no-peers"], ["--only", "drain"]]) {
    expect(destinationOf(...partial)).toEqual({ output: null, report: false });
    expect(() => optionsOf([...partial, "--output", resultsFile])).toThrow("is for results of everything");
  }
});

test.each([
  [["--rounds", "0"], '--rounds must be a whole number of at least 1, not "0"'],
  [["--rounds", "1.5"], "--rounds must be"],
  [["--fast"], "Unknown option '--fast'"],
  [["drain"], "Unexpected argument 'drain'"],
])("refuses %p", (args, message) => {
  expect(() => optionsOf(args)).toThrow(message);
});
