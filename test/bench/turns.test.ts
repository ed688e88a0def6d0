import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runContest } from "../../bench/contest-turns.ts";
import { contestantsIn } from "../../bench/contestants.ts";
import { measurementTurns } from "../../bench/measurement-turns.ts";
import { outcomeOf } from "../../bench/program.ts";
import { takeTurns } from "../../bench/turns.ts";
import { temporaryFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

const fixtures = "../test/bench/fixtures";
const contestants = await contestantsIn(`${fixtures}/contestants.ts`);

describe("a contest", () => {
  const outcome = (name: string, seconds = 60) => {
    const contestant = contestants.find((one) => one.name === name)!;
    return runContest({ contest: "drain", contestant }, 10, { seconds });
  };

  test("has a value where all went well", async () => {
    expect(await outcome("works")).toEqual({
      measurement: "sqlite/drain",
      contestant: "works",
      unit: "jobs/s",
      values: [expect.any(Number)],
      problems: [],
    });
  });

  test.each([
    ["hangs", "it did not end within 1 s"],
    ["rejects", "Error: the disk is full"],
    ["exits", "it ended with exit code 3: the licence has expired"],
    ["is killed", "it ended with SIGKILL: "],
    ["loses a job and does one twice", "of 12 jobs 1 was lost and 1 was done more than once"],
  ])("has a problem and no value where the contestant %s", async (name, problem) => {
    expect(await outcome(name, name === "hangs" ? 1 : 60)).toMatchObject({ values: [], problems: [problem] });
  });
});

test("what takes long is measured in the first round only", () => {
  const turns = measurementTurns(
    [
      { name: "cheap", rounds: "each" },
      { name: "dear", rounds: "once" },
    ],
    { rounds: 2, quick: true },
  );
  expect(turns.map(({ round }) => round)).toEqual([1, 1, 2]);
});

test("a measurement that fails in one round is a problem of all that it measures", async () => {
  using folder = temporaryFolder();
  process.env.BENCH_TEST_TRACE = folder.file("trace");
  const name = join("..", fixtures, "fails-again");
  const turns = measurementTurns([{ name, rounds: "each" }], { rounds: 2, quick: true });
  const told: string[] = [];
  const problems = ["Error: it was measured before"];
  expect(await takeTurns(turns, (line) => told.push(line))).toEqual([
    { measurement: "a/b", contestant: "Nuvom", unit: "ms", values: [1], problems },
    { measurement: "a/c", contestant: "Nuvom", unit: "MiB", values: [2], problems },
  ]);
  expect(told).toEqual([
    "1 of 2, round 1: a/b, Nuvom: 1 ms",
    "1 of 2, round 1: a/c, Nuvom: 2 MiB",
    "2 of 2, round 2: a/b, Nuvom: failed: Error: it was measured before",
    "2 of 2, round 2: a/c, Nuvom: failed: Error: it was measured before",
  ]);
  expect(
    await takeTurns(measurementTurns([{ name, rounds: "each" }], { rounds: 1, quick: true }), () => {}),
  ).toEqual([{ measurement: `${name}/everything`, contestant: "Nuvom", unit: "ms", values: [], problems }]);
});

describe("a program and what it has started", () => {
  /** It never ends, and has started another one that leaves the address of its server in a file. */
  const neverEnding = (file: string) => {
    const server = `const { url } = Bun.serve({ port: 0, fetch: () => new Response() });
      await Bun.write(${JSON.stringify(file)}, url.href);`;
    return `Bun.spawn([process.execPath, "--eval", ${JSON.stringify(server)}], { stdio: ["ignore", "inherit", "inherit"] });
      await Bun.write(process.env.TMPDIR + "/rest", "");
      await new Promise(() => setInterval(() => {}, 1_000));`;
  };
  const answers = (url: string) =>
    fetch(url).then(
      () => true,
      () => false,
    );

  test("are gone when its time is over", async () => {
    using folder = temporaryFolder();
    const file = folder.file("url");
    // A busy machine may take long to start them.
    for (let seconds = 1; !existsSync(file); seconds *= 2) {
      const outcome = outcomeOf(["--eval", neverEnding(file)], seconds);
      await expect(outcome).rejects.toThrow(`it did not end within ${seconds} s`);
    }
    expect(await answers(await Bun.file(file).text())).toBe(false);
  }, 30_000);

  test("are gone when who runs it is killed, with their files", async () => {
    using folder = temporaryFolder();
    using temporary = temporaryFolder();
    const file = folder.file("url");
    const owner = `import { outcomeOf } from ${JSON.stringify(join(import.meta.dir, "../../bench/program.ts"))};
      await outcomeOf(["--eval", ${JSON.stringify(neverEnding(file))}], 600);`;
    const program = Bun.spawn([process.execPath, "--eval", owner], {
      env: { ...process.env, TMPDIR: temporary.path },
    });
    const files = () => [...new Bun.Glob("**").scanSync(temporary.path)];
    await until(async () => (await Bun.file(file).exists()) && (await answers(await Bun.file(file).text())));
    expect(files()).not.toEqual([]);
    program.kill("SIGKILL");
    await until(async () => !(await answers(await Bun.file(file).text())));
    await until(async () => files().length === 0);
  });
});
