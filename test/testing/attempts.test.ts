import { describe, expect, mock, spyOn, test } from "bun:test";
import { z } from "zod";
import { definedTasks } from "../../src/definition.ts";
import { type JobFailedError, NonRetryableError, type SuccessEvent, task } from "../../src/index.ts";
import { testNuvom } from "../../src/testing/index.ts";

const start = "2026-03-28T00:00:00Z";
const hours = (hour: number, minute = 0) => new Date(Date.UTC(2026, 2, 28, hour, minute));

const does = mock((_attempt: number): unknown => "done");
const flaky = task("attempts.flaky", {
  retry: { attempts: 3, base: "1h", factor: 3, max: "1d" },
  run: (_: unknown, { attempt }) => does(attempt),
});
const puts = task("attempts.puts", {
  retry: { attempts: 2, base: "1d" },
  run(kind: "retryIn" | "snooze", { attempt, ...context }) {
    if (context.runAt < hours(4).getTime()) context[kind]("2h", "closed");
    return attempt;
  },
});
const waits = task("attempts.waits", {
  timeout: "30m",
  retry: { attempts: 2, backoff: "fixed", base: "1h" },
  async run(answer: Promise<string> | null, { signal }) {
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => reject(signal.reason));
    return Promise.race([answer ?? new Promise<never>(() => {}), promise]);
  },
});
const deaf = task("attempts.deaf", { timeout: "30m", retry: { attempts: 1 }, run: () => gate.promise });
let gate = Promise.withResolvers<string>();

describe("a failed attempt", () => {
  test("is followed by others, each after its delay and without jitter, until one succeeds", async () => {
    await using nuvom = testNuvom({ now: start });
    does.mockImplementation((attempt) => {
      if (attempt < 3) throw new RangeError(`attempt ${attempt}`);
      return "done";
    });
    const job = await flaky.enqueue();
    const ran = await nuvom.advance("1d");
    expect(ran.map(({ state, attempt, startedAt }) => ({ state, attempt, startedAt }))).toEqual([
      { state: "pending", attempt: 1, startedAt: hours(0) },
      { state: "pending", attempt: 2, startedAt: hours(1) },
      { state: "succeeded", attempt: 3, startedAt: hours(4) },
    ]);
    expect(ran[0]).toMatchObject({ runAt: hours(1), errors: [{ name: "RangeError", message: "attempt 1" }] });
    expect(ran[2]!.errors).toHaveLength(2);
    expect(await job.result()).toBe("done");
  });

  test("is told by who asks for the result before the next", async () => {
    await using _ = testNuvom({ now: start });
    does.mockImplementation(() => {
      throw new RangeError("no");
    });
    await expect((await flaky.enqueue()).result()).rejects.toThrow(
      "has not ended. Attempt 1 failed with RangeError: no. Attempt 2 is due in 1h",
    );
  });

  test("is the last if there are no more, or if another has no point", async () => {
    await using nuvom = testNuvom();
    does.mockImplementation(() => {
      throw new RangeError("always");
    });
    const exhausted = await flaky.enqueue();
    await nuvom.advance("1w");
    await expect(exhausted.result()).rejects.toMatchObject({ state: "failed", errors: { length: 3 } });
    does.mockImplementation(() => {
      throw new NonRetryableError("no such user");
    });
    const hopeless = await flaky.enqueue();
    const error = (await hopeless.result().catch((error) => error)) as JobFailedError;
    expect(error.message).toEndWith("failed: NonRetryableError: no such user");
    expect(error.stack!.split("\n")[1]).toContain(import.meta.path);
  });

  test("may be followed at a time that the task asks for", async () => {
    await using nuvom = testNuvom({ now: start });
    await puts.enqueue("retryIn", { in: "2h" });
    expect(await nuvom.advance("1d")).toMatchObject([
      { state: "pending", attempt: 1, runAt: hours(4), errors: [{ name: "RetryIn" }] },
      { state: "succeeded", attempt: 2, startedAt: hours(4), result: 2 },
    ]);
  });

  test("does not count if the task snoozes", async () => {
    await using nuvom = testNuvom({ now: start });
    await puts.enqueue("snooze");
    expect(await nuvom.advance("1d")).toMatchObject([
      { state: "pending", attempt: 0, runAt: hours(2), reason: expect.stringContaining("closed") },
      { state: "pending", attempt: 0, runAt: hours(4) },
      { state: "succeeded", attempt: 1, result: 1, errors: [] },
    ]);
  });

  test("by a result that cannot be stored is final", async () => {
    await using nuvom = testNuvom({ sizeLimit: 100 });
    does.mockImplementation(() => "x".repeat(200));
    await flaky.enqueue();
    expect(await nuvom.runDue()).toMatchObject([{ state: "failed", errors: [{ name: "EncodeError" }] }]);
  });
});

describe("a timeout", () => {
  test("is over when the clock says so: the job's signal is aborted", async () => {
    await using nuvom = testNuvom({ now: start });
    await waits.enqueue(null, { attempts: 1 });
    const ran = nuvom.runDue();
    await nuvom.advance("29m");
    expect(await nuvom.jobs()).toMatchObject([{ state: "running" }]);
    await nuvom.advance("1m");
    expect(await ran).toMatchObject([{ state: "failed", finishedAt: hours(0, 30) }]);
    const message = "the job's timeout of 30m is over; its signal ended it";
    expect(await nuvom.jobs()).toMatchObject([{ errors: [{ name: "TimeoutError", message }] }]);
  });

  test("may be over while the job itself turns the clock, and be followed by another attempt", async () => {
    await using nuvom = testNuvom({ now: start });
    const slow = task("attempts.slow", {
      timeout: "30m",
      retry: { attempts: 2, backoff: "fixed", base: "1h" },
      async run(_: unknown, { attempt, signal }) {
        await nuvom.advance(attempt === 1 ? "40m" : "20m");
        signal.throwIfAborted();
        return "in time";
      },
    });
    const job = await slow.enqueue();
    await nuvom.advance("1d");
    expect(await job.result()).toBe("in time");
    expect(await nuvom.jobs()).toMatchObject([{ attempt: 2, errors: [{ name: "TimeoutError" }] }]);
  });

  test("leaves a job alone that does not listen, after two seconds of grace", async () => {
    await using nuvom = testNuvom({ now: start });
    gate = Promise.withResolvers();
    await deaf.enqueue();
    const ran = nuvom.runDue();
    await nuvom.advance("30m");
    expect(await nuvom.jobs()).toMatchObject([{ state: "running" }]);
    await nuvom.advance("2s");
    expect(await ran).toMatchObject([{ state: "failed" }]);
    gate.resolve("too late");
    await nuvom.runDue();
    const message = "the job's timeout of 30m is over; it did not end by itself and was killed";
    expect(await nuvom.jobs()).toMatchObject([{ state: "failed", errors: [{ message }] }]);
  });
});

describe("a running job", () => {
  test("can be cancelled", async () => {
    await using nuvom = testNuvom();
    const job = await waits.enqueue(null);
    const ran = nuvom.runDue();
    await nuvom.advance(0);
    await job.cancel("changed my mind");
    expect(await ran).toMatchObject([{ state: "cancelled", reason: "changed my mind" }]);
  });

  test("tells how far it is, and what it has logged, while it runs and afterwards", async () => {
    await using nuvom = testNuvom();
    gate = Promise.withResolvers();
    const told = task("attempts.told", async (_: unknown, { progress, log }) => {
      progress(3, 10, "rendering");
      log("first", { x: 1 });
      await gate.promise;
      log("second\nthird");
      progress(10, 10);
    });
    const job = await told.enqueue();
    const ran = nuvom.runDue();
    await nuvom.advance(0);
    expect(await job.progress()).toEqual({ done: 3, total: 10, message: "rendering" });
    gate.resolve("");
    await ran;
    expect(await job.progress()).toEqual({ done: 10, total: 10, message: null });
    const output = ["first {", "  x: 1,", "}", "second", "third"];
    expect(await nuvom.jobs(told)).toMatchObject([{ output }]);
  });

  test("that takes long in real time is told of, as it may wait for the clock", async () => {
    await using nuvom = testNuvom();
    const told = Promise.withResolvers<string>();
    using _error = spyOn(console, "error").mockImplementation(told.resolve);
    const { setTimeout } = globalThis;
    using _timer = spyOn(globalThis, "setTimeout").mockImplementation(((callback: () => void) => {
      return setTimeout(callback, 0);
    }) as never);
    gate = Promise.withResolvers();
    const job = await deaf.enqueue();
    const ran = nuvom.runDue();
    expect(await told.promise).toContain(
      `job ${job.id} of task attempts.deaf is still running. Should its timeout or a cancellation end it?`,
    );
    gate.resolve("");
    await ran;
  });
});

describe("a job that cannot be run", () => {
  test("as its input does not fit any more, is parked with the reason", async () => {
    await using nuvom = testNuvom();
    const older = task("attempts.changed", (_: { nickname: string }) => {});
    const job = await older.enqueue({ nickname: "Ada" });
    task("attempts.changed", { input: z.object({ name: z.string() }), run: () => {} });
    expect(await nuvom.runDue()).toMatchObject([{ state: "pending", attempt: 0 }]);
    expect(await nuvom.advance("1d")).toEqual([]);
    await expect(job.result()).rejects.toThrow('task "attempts.changed": input.name: Invalid input');
  });

  test("as nobody defines its task, is parked with the reason", async () => {
    await using nuvom = testNuvom();
    const job = await task("attempts.gone", () => {}).enqueue();
    definedTasks().delete("attempts.gone");
    await expect(job.result()).rejects.toThrow("has not ended: no source that its worker has read defines");
    expect(await nuvom.jobs()).toMatchObject([{ state: "pending", attempt: 0 }]);
  });
});

describe("hooks", () => {
  const heard: string[] = [];
  const hear = (name: string) => (event: { attempt: number }) => void heard.push(`${name} ${event.attempt}`);
  const hooked = task("attempts.hooked", {
    retry: { attempts: 2, base: "1h" },
    onStart: hear("start"),
    onSuccess: hear("success"),
    onRetry: hear("retry"),
    onFailure: hear("failure"),
    run(_: unknown, { attempt }) {
      heard.push("run");
      return does(attempt);
    },
  });

  test("hear what becomes of jobs, those of the configuration as well", async () => {
    const onSuccess = mock((_: SuccessEvent) => {});
    await using nuvom = testNuvom({ hooks: { onSuccess } });
    heard.length = 0;
    does.mockImplementation((attempt) => {
      if (attempt === 1) throw new Error("no");
      return "done";
    });
    const { id } = await hooked.enqueue();
    await nuvom.advance("1h");
    expect(heard).toEqual(["start 1", "run", "retry 1", "start 2", "run", "success 2"]);
    const job = {
      id,
      task: "attempts.hooked",
      queue: "default",
      attempt: 2,
      maxAttempts: 2,
      input: undefined,
    };
    expect(onSuccess.mock.calls).toEqual([[{ ...job, result: "done", duration: 0 }]]);
  });

  test("cost no job what they throw, which is told", async () => {
    using error = spyOn(console, "error").mockImplementation(() => {});
    const onFailure = () => {
      throw new TypeError("a mistake in the hook");
    };
    await using nuvom = testNuvom({ hooks: { onFailure } });
    does.mockImplementation(() => {
      throw new NonRetryableError("no");
    });
    const { id } = await hooked.enqueue();
    expect(await nuvom.runDue()).toMatchObject([{ state: "failed" }]);
    expect(heard.at(-1)).toBe("failure 1");
    expect(error.mock.calls).toEqual([
      [`nuvom: onFailure of attempts.hooked ${id}: TypeError: a mistake in the hook`],
    ]);
  });
});

test("a job that is not kept is gone when it has ended, and is told as it was", async () => {
  await using nuvom = testNuvom();
  const fleeting = task("attempts.fleeting", { keep: 0, run: () => "done" });
  await fleeting.enqueue();
  expect(await nuvom.runDue()).toMatchObject([{ state: "succeeded", result: "done", attempt: 1 }]);
  expect(await nuvom.jobs()).toEqual([]);
});
