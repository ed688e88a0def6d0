import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { basename, join } from "node:path";
import * as tasks from "../fixtures/tasks/basic.ts";
import { commandLine, plainText } from "../support/command-line.ts";
import { startNuvom } from "../support/programs.ts";
import { onTerminal } from "../support/terminal.ts";

const folder = join(import.meta.dir, "../../cli/commands");
const names = [...new Bun.Glob("*.ts").scanSync(folder)].map((file) => basename(file, ".ts")).sort();

/** What one would call of each command, on a storage with a job that has failed and one that waits. */
const calls: Record<string, (ids: { failed: string; pending: string }) => string[][]> = {
  bench: () => [["--jobs", "10", "--processes", "1"]],
  cancel: () => [["nobody"]],
  completion: () => [["bash"]],
  config: () => [[]],
  dev: () => [["--help"]],
  doctor: () => [["--root", join(import.meta.dir, "../../examples/server")]],
  enqueue: () => [["echo", "5", "--in", "1h"], ["nothing"]],
  init: () => [["--root", "/nowhere"]],
  job: ({ failed, pending }) => [[failed], [pending], [failed, "--json"]],
  jobs: () => [[]],
  pause: () => [["other"]],
  resume: () => [["default"], ["nothing"]],
  retry: () => [["nobody"]],
  schedules: () => [[], ["explain", "30 2 * * *", "--tz", "Europe/Rome"]],
  status: () => [[]],
  tasks: () => [[]],
  why: ({ failed, pending }) => [[failed], [pending]],
  worker: () => [
    ["--drain", "--processes", "1", "--queue", "empty", "--root", "."],
    ["--processes", "none"],
  ],
};

/** Without what differs from one run to the next. */
function steady(text: string): string {
  return text
    .replaceAll(/\d\d:\d\d:\d\d/g, "TIME")
    .replaceAll(/\d{4}-\d\d-\d\d[T ]TIME(\.\d+Z)?/g, "TIME")
    .replaceAll(
      /\b(in|for|within|after) [\d.]+(ms|s|m)( [\d.]+m?s)?|\bnow\b|[\d.]+(ms|s|m)( \d+s)? ago/g,
      "LENGTH",
    )
    .replaceAll(/[\d,.]+ (jobs\/s|ms\b)/g, "FIGURE")
    .replaceAll(/01[\da-f]{6}-[\da-f-]{27}/g, "ID")
    .replaceAll(/ +/g, " ")
    .replaceAll(/ +$/gm, "");
}

test("every command is called", () => {
  expect(Object.keys(calls)).toEqual(names);
});

describe("on a terminal and in a pipe the same is said by", () => {
  const bench = commandLine();
  const ids = { failed: "", pending: "" };

  beforeAll(async () => {
    ids.failed = (await bench.client.enqueue(tasks.broken, undefined, { attempts: 1 })).id;
    await bench.work();
    ids.pending = (await bench.client.enqueue(tasks.echo, 5, { in: "1d", queue: "other" })).id;
    await bench.client.storage.pause("other", true);
  });

  afterAll(() => bench[Symbol.asyncDispose]());

  test.each(names)(
    "nuvom %s",
    async (name) => {
      for (const args of calls[name]!(ids)) {
        const env = { NUVOM_STORAGE: bench.storage };
        const pipe = await startNuvom([name, ...args], { env: { ...env, NO_COLOR: "" } }).ended;
        expect(pipe.stdout + pipe.stderr).toMatch(plainText);
        const terminal = await onTerminal(80, [name, ...args], { env });
        expect(terminal.exitCode).toBe(pipe.exitCode);
        // Where a line is wrapped depends on how long ago something was.
        const words = (text: string) => steady(text.replaceAll(/\s+/g, " ")).trim().split(" ").sort();
        expect(words(Bun.stripANSI(terminal.text))).toEqual(words(pipe.stdout + pipe.stderr));
      }
    },
    30_000,
  );
});

test.each(["worker", "dev"])(
  "Ctrl-C on a terminal ends nuvom %s",
  async (name) => {
    await using bench = commandLine();
    let isTyped = false;
    const { text, exitCode } = await onTerminal(80, [name, "--processes", "1"], {
      env: { NUVOM_STORAGE: bench.storage },
      type(text) {
        if (isTyped || !text.includes("started")) return null;
        isTyped = true;
        return "\u0003";
      },
    });
    expect(Bun.stripANSI(text)).toMatch(/stopped +everything is recorded/);
    expect(exitCode).toBe(0);
  },
  30_000,
);
