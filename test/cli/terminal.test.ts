import { expect, test } from "bun:test";
import * as tasks from "../fixtures/tasks/basic.ts";
import { commandLine, plainText, widest } from "../support/command-line.ts";
import { nuvom } from "../support/programs.ts";
import { onTerminal } from "../support/terminal.ts";

async function failedJob(bench: ReturnType<typeof commandLine>): Promise<string> {
  const { id } = await bench.client.enqueue(tasks.broken, undefined, { attempts: 1 });
  await bench.work();
  return id;
}

test("a terminal gets colours, and none of those that a job's error asks for", async () => {
  await using bench = commandLine();
  const id = await failedJob(bench);
  const storage = ["--storage", bench.storage];
  const { text: list } = await onTerminal(100, ["jobs", ...storage]);
  expect(list).toContain("broken  \u001b[31mfailed\u001b[0m");
  const { text: one } = await onTerminal(100, ["job", id, ...storage]);
  expect(one).toContain("\u001b[31mfailed\u001b[0m");
  expect(one).toContain("RangeError: [/x] %s \\x1b[31mred\n");
  expect(Bun.stripANSI(one)).toMatch(plainText);
  const { text: why } = await onTerminal(100, ["why", id, ...storage]);
  expect(why).toContain(`broken ${id}: \u001b[31mfailed\u001b[0m\n`);
  expect(Bun.stripANSI(why)).toMatch(plainText);
});

test("a pipe gets no colours, nor does a terminal with NO_COLOR", async () => {
  await using bench = commandLine();
  const id = await failedJob(bench);
  for (const args of [["jobs"], ["job", id], ["why", id], ["status"], ["job", "nobody", "--verbose"]]) {
    const env = { NUVOM_STORAGE: bench.storage, NO_COLOR: "" };
    const { stdout, stderr } = await nuvom(args, { env });
    expect(stdout + stderr).toMatch(plainText);
  }
  const { text: list } = await onTerminal(80, ["jobs", "--storage", bench.storage], {
    env: { NO_COLOR: "1" },
  });
  expect(list).toMatch(plainText);
});

test("a table is as wide as the terminal if it needs to be", async () => {
  await using bench = commandLine();
  await bench.client.enqueue(tasks.echo, null, { queue: "queue.".repeat(40) });
  for (const columns of [70, 120]) {
    const { text } = await onTerminal(columns, ["status", "--storage", bench.storage]);
    expect(widest(Bun.stripANSI(text))).toBe(columns);
  }
});
