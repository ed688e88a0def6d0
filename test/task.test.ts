import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { InvalidOptionError, type JobHandle, type Task, task } from "../src/index.ts";

/** Compiles only if the two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;

describe("types", () => {
  test("are inferred from the function", () => {
    const add = task("add", async ({ x, y }: { x: number; y: number }) => x + y);
    const checks: [
      Same<typeof add, Task<{ x: number; y: number }, number>>,
      Same<ReturnType<typeof add.enqueue>, Promise<JobHandle<number>>>,
    ] = [true, true];
    expect(checks).toEqual([true, true]);
  });

  test("are inferred from the schema, its input for enqueue and its output for run", () => {
    const mail = task("mail", {
      input: z.object({ to: z.email(), at: z.string().transform((text) => new Date(text)) }),
      run: async ({ at }) => at.getTime(),
    });
    const check: Same<typeof mail, Task<{ to: string; at: string }, number>> = true;
    expect(check).toBe(true);
  });

  test("let a task without an input be enqueued without one", () => {
    const tick = task("tick", () => "tock");
    const calls = () => [tick.enqueue(), tick.enqueue(undefined, { in: "5m" })];
    const needy = task("needy", (input: { x: number }) => input.x);
    // @ts-expect-error: the input is missing
    const wrong = () => needy.enqueue();
    expect([calls, wrong]).toBeArrayOfSize(2);
  });
});

describe("a definition", () => {
  test("has defaults", () => {
    expect(task("t", () => 1).definition).toMatchObject({
      name: "t",
      queue: "default",
      priority: "normal",
      timeout: 3_600_000,
      retry: { attempts: 3 },
    });
    expect(task("t", { timeout: "none", run: () => 1 }).definition.timeout).toBeNull();
    expect(task("t", { timeout: 0, run: () => 1 }).definition.timeout).toBe(0);
  });

  const run = () => 1;
  const refused: [unknown, unknown, string][] = [
    ["", run, "name"],
    [undefined, run, "name"],
    ["t", undefined, "function"],
    ["t", { run: 5 }, "function"],
    ["t", { run, retries: 3 }, '"retries"'],
    ["t", { run, priority: "urgent" }, "priority"],
    ["t", { run, queue: "" }, "queue"],
    ["t", { run, input: { to: "string" } }, "zod"],
    ["t", { run, timeout: "soon" }, "timeout"],
    ["t", { run, timeout: -1 }, "timeout"],
    ["t", { run, retry: { attempts: 0 } }, "retry.attempts"],
  ];
  test.each(refused)("task(%p, %p) is refused", (name, options, message) => {
    const define = () => task(name as string, options as never);
    expect(define).toThrow(InvalidOptionError);
    expect(define).toThrow(message);
  });
});
