import { expect, test } from "bun:test";
import * as tasks from "../fixtures/tasks/basic.ts";
import { greet } from "../fixtures/tasks/greet.ts";
import { commandLine, plainText } from "../support/command-line.ts";

const done = (stdout: string) => ({ stdout, stderr: "", exitCode: 0 });

test("a paused queue gives no jobs out until it is resumed", async () => {
  await using bench = commandLine();
  const [held, other] = [
    await bench.client.enqueue(greet, { name: "Ada" }),
    await bench.client.enqueue(tasks.echo, 1),
  ];
  expect(await bench.run("pause", "greetings")).toEqual(done("greetings paused\n"));
  await bench.work();
  expect([await held.state(), await other.state()]).toEqual(["pending", "succeeded"]);
  expect(await bench.run("resume", "greetings")).toEqual(done("greetings resumed\n"));
  await bench.work();
  expect(await held.state()).toBe("succeeded");
});

test("several queues are paused at once, and what was so before is told", async () => {
  await using bench = commandLine();
  const paused = async () =>
    (await bench.client.storage.queues()).filter(({ paused }) => paused).map(({ name }) => name);
  await bench.client.storage.pause("b", true);
  await bench.client.storage.pause("c", false);
  expect(await bench.run("pause", "a", "b", "c", "c")).toEqual(
    done("a paused; it is new here: no job has been in it yet\nb was paused already\nc paused\n"),
  );
  expect(await paused()).toEqual(["a", "b", "c"]);
  expect(await bench.run("resume", "a", "c")).toEqual(done("a resumed\nc resumed\n"));
  expect(await bench.run("resume", "a")).toEqual(done("a was not paused\n"));
  expect(await paused()).toEqual(["b"]);
});

test("a queue that is not there cannot be resumed, and the others are all the same", async () => {
  await using bench = commandLine();
  expect(await bench.run("resume", "mial")).toEqual({
    stdout: "mial not resumed: there is no such queue; there are none\n",
    stderr: "",
    exitCode: 1,
  });
  await bench.client.storage.pause("mail", true);
  const { stdout, exitCode } = await bench.run("resume", "mial", "mail", "--json");
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toEqual([
    { queue: "mial", resumed: false, message: "not resumed: there is no such queue; there are mail" },
    { queue: "mail", resumed: true, message: "resumed" },
  ]);
  expect(await bench.client.storage.queues()).toEqual([{ name: "mail", paused: false }]);
  expect(await bench.json("pause", "mail")).toEqual([{ queue: "mail", paused: true, message: "paused" }]);
});

test("the name of a queue does not reach the terminal as a command", async () => {
  await using bench = commandLine();
  const { stdout } = await bench.run("pause", "\u001b[2J");
  expect(stdout).toContain("\\x1b[2J paused");
  expect(stdout).toMatch(plainText);
});
