import { describe, expect, test } from "bun:test";
import { Nuvom, openStorage } from "../../../src/index.ts";
import { aJob, aWorker, start } from "../../../src/testing/builders.ts";
import * as tasks from "../../fixtures/tasks/basic.ts";
import { commandLine } from "../../support/command-line.ts";
import { temporaryProject } from "../../support/project.ts";
import { startRedis } from "../../support/redis.ts";
import { frames, onTerminal, startOnTerminal } from "../../support/terminal.ts";

const entered = "\u001b[?1049h\u001b[?7l\u001b[?25l";
const restored = "\u001b[?25h\u001b[?7h\u001b[?1049l";
const usual = { columns: 80, rows: 24 };

/** What draws these lines. */
function drawing(lines: string[]): string {
  const placed = lines.map((line, row) => `\u001b[${row + 1};1H\u001b[K${line}`);
  return `\u001b[?2026h${placed.join("")}\u001b[?2026l`;
}

/** `nuvom status --watch` on a terminal, looking often unless told otherwise. */
function startWatching(storage: string, interval = "100ms") {
  return startOnTerminal(usual, ["status", "--watch", "--interval", interval], {
    env: { NUVOM_STORAGE: storage },
  });
}

test("what is there is shown, and what comes", async () => {
  await using bench = commandLine();
  await bench.client.enqueue(tasks.echo, 1, { in: "1h" });
  await using watching = startWatching(bench.storage);
  expect(await watching.shows(/QUEUE/)).toMatch(/^default {2}1 {8}0 {8}0 {10}0 {7}0 {10}in (1h|59m)/m);

  await bench.client.schedule(tasks.echo, 1, { every: "1h", id: "hourly" });
  await bench.client.enqueue(tasks.broken, undefined, { attempts: 1 });
  await bench.client.enqueue(tasks.echo, 1);
  await bench.work();
  await watching.shows(/^default {2}1 {8}0 {8}1 {10}1 {7}0 /m);
  await watching.shows(/^broken {2}.*RangeError: \[\/x\] %s \\x1b\[31mred *$/m);
  await watching.shows(/^hourly {2,}in (1h|59m)/m);
  await watching.shows(
    /^[\d.]+\/s added {2}(?!0\/)[\d.]+\/s ended {2}(?!0\/)[\d.]+\/s failed {2}no worker is running *$/m,
  );

  const { storage } = bench.client;
  const began = Date.now() - 60_000;
  await storage.heartbeat(
    aWorker("w1", { host: "web-1", pid: 77, seenAt: began, leaseUntil: Date.now() + 60_000 }),
  );
  await storage.insert([aJob({ task: "slow" })]);
  await storage.claim("w1", ["default"], 1, began);
  await watching.shows(/^web-1\/77 {2}default {2}not yet /m);
  await watching.shows(/^slow +1m( \ds)? ago/m);
});

test("every picture is one write that places each line: nothing scrolls, and nothing is wrapped", async () => {
  await using bench = commandLine();
  await bench.client.enqueue(tasks.echo, 1, { queue: "漢字\n\u001b[2J".repeat(99) });
  await using watching = startWatching(bench.storage, "1h");
  await watching.shows(/漢字/);
  const began = performance.now();
  for (const [columns, rows] of [
    [120, 40],
    [33, 7],
    [5, 2],
    [80, 24],
  ] as const) {
    watching.terminal.resize(columns, rows);
    await watching.shows(new RegExp(`^(.*\n){${rows - 1}}.*$`));
    const widths = watching.drawn().map((line) => Bun.stringWidth(line));
    expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    if (columns > 5) expect(Math.max(...widths)).toBe(columns);
  }
  // What is shown is drawn once a second even if nothing happens.
  expect(performance.now() - began).toBeLessThan(2_500);
  watching.terminal.write("q");
  expect(await watching.ended).toBe(0);
  const during = watching.text.slice(entered.length, -restored.length);
  expect(watching.text).toBe(entered + during + restored);
  const pictures = frames(during);
  expect(during).toBe(pictures.map(drawing).join(""));
  expect(Bun.stripANSI(pictures.flat().join(""))).not.toMatch(/\p{Cc}/u);
  expect(new Set(pictures.map((lines) => lines.length))).toEqual(new Set([24, 40, 7, 2]));
});

describe("the terminal is as before, and the exit code 0, after", () => {
  const ways: [string, (watching: ReturnType<typeof startWatching>) => void][] = [
    ["q", ({ terminal }) => terminal.write("q")],
    ["Ctrl-C", ({ terminal }) => terminal.write("\u0003")],
    ["SIGINT", ({ program }) => program.kill("SIGINT")],
    ["SIGTERM", ({ program }) => program.kill("SIGTERM")],
    ["SIGHUP", ({ program }) => program.kill("SIGHUP")],
  ];
  test.each(ways)("%s", async (_, leave) => {
    await using bench = commandLine();
    await using watching = startWatching(bench.storage);
    await watching.shows(/q ends this/);
    expect(watching.isAsBefore()).toBe(false);
    leave(watching);
    expect(await watching.ended).toBe(0);
    expect(watching.isAsBefore()).toBe(true);
    expect(watching.text).toStartWith(entered);
    expect(watching.text).toEndWith(restored);
  });
});

test("the terminal is as before when the view itself fails, and the error is on it", async () => {
  using project = await temporaryProject({
    "nuvom.config.ts": `
      import { openStorage } from "nuvom";
      const storage = openStorage("memory:");
      let looks = 0;
      export default { storage: { ...storage, nextSchedules: async () => (looks++ > 0 ? [null] : []) } };`,
  });
  await using watching = startOnTerminal(usual, ["status", "--watch", "--interval", "100ms"], {
    cwd: project.path,
    env: { NUVOM_STORAGE: "" },
  });
  expect(await watching.ended).toBe(1);
  expect(watching.isAsBefore()).toBe(true);
  expect(watching.text.split(restored)[1]).toMatch(/^.*nuvom: .*null/);
});

test("a storage that is not there at first is an error like that of every other command", async () => {
  const env = { NUVOM_STORAGE: "sqlite:/proc/none/jobs.db" };
  const { text, exitCode } = await onTerminal(80, ["status", "--watch"], { env });
  expect(exitCode).toBe(1);
  expect(Bun.stripANSI(text)).toStartWith("nuvom: storage /proc/none/jobs.db");
});

test("a storage that is lost is said to be, what was known is dimmed, and it goes on when that is back", async () => {
  await using server = await startRedis();
  const url = `${server.url}?timeout=300ms`;
  await using watching = startWatching(url);
  await watching.shows(/q ends/);
  const client = openStorage(server.url);
  await start(client, [aJob(), aJob()]);
  await client.close();
  await watching.shows(/^default {2}0 {8}2 /m);

  await server.kill();
  const lost = await watching.shows(/^no answer since \d\d:\d\d:\d\d \(.*nothing listens there/ms);
  expect(lost).toMatch(/^default {2}0 {8}2 /m);
  expect(watching.drawn().find((line) => line.includes("default"))).toStartWith("\u001b[2mdefault  0 ");

  await server.restart();
  await using nuvom = new Nuvom({ storage: server.url });
  await nuvom.enqueue(tasks.echo, 1);
  const back = await watching.shows(/^default {2}1 {8}0 /m);
  expect(back).not.toContain("no answer");

  await server.kill();
  await watching.shows(/no answer/);
  watching.terminal.write("q");
  expect(await watching.ended).toBe(0);
  expect(watching.text).toEndWith(restored);
});

test("a storage that has not answered for a moment is said to be slow", async () => {
  await using server = await startRedis();
  await using watching = startWatching(server.url);
  await watching.shows(/q ends/);
  process.kill(server.pid, "SIGSTOP");
  await watching.shows(/no answer since .*: it takes its time/);
  process.kill(server.pid, "SIGCONT");
  await watching.shows(/ended/);
});

test("a pipe is no terminal, nor does JSON need one", async () => {
  await using bench = commandLine();
  const { stdout, stderr, exitCode } = await bench.run("status", "--watch");
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
  expect(stderr).toContain("--watch draws on a terminal");
  expect(stderr).toContain("nuvom status --json");
  const json = await onTerminal(80, ["status", "--watch", "--json"], {
    env: { NUVOM_STORAGE: bench.storage },
  });
  expect(json.exitCode).toBe(2);
});
