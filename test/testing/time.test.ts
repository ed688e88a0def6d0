import { describe, expect, spyOn, test } from "bun:test";
import { z } from "zod";
import { InvalidInputError, InvalidOptionError, JobFailedError, NuvomError, task } from "../../src/index.ts";
import { testNuvom } from "../../src/testing/index.ts";

const start = "2026-03-28T00:00:00Z";
const ran: string[] = [];
const noted = task("time.noted", (name: string) => {
  ran.push(`${name} ${new Date().toISOString().slice(11, 16)}`);
});
const lengthOf = task("time.length", (text: string) => text.length);
const asks = task("time.asks", async (text: string) => (await lengthOf.enqueue(text)).result());
const checked = task("time.checked", { input: z.object({ to: z.email() }), run: ({ to }) => to });
const leavesBehind = task("time.leaves-behind", () => void checked.enqueue({ to: "ada@example.com" }));
const restless = task("time.restless", (_: unknown, { snooze }) => snooze(0));

describe("a delayed job", () => {
  test("runs when its time has come, and not before", async () => {
    await using nuvom = testNuvom({ now: start });
    const job = await lengthOf.enqueue("Ada", { in: "2h" });
    expect(await nuvom.runDue()).toEqual([]);
    expect(await nuvom.advance("119m")).toEqual([]);
    expect(await job.state()).toBe("pending");
    const [run] = await nuvom.advance("1m");
    expect(run).toMatchObject({
      id: job.id,
      task: "time.length",
      state: "succeeded",
      input: "Ada",
      result: 3,
    });
    expect(await job.result()).toBe(3);
  });

  test("says of its times what the test's clock says", async () => {
    await using nuvom = testNuvom({ now: start });
    await lengthOf.enqueue("Ada", { at: new Date("2026-03-28T09:30:00Z") });
    await nuvom.advance("1d");
    const due = new Date("2026-03-28T09:30:00Z");
    const times = { createdAt: new Date(start), runAt: due, startedAt: due, finishedAt: due };
    expect(await nuvom.jobs(lengthOf)).toMatchObject([times]);
  });

  test("runs in its turn, at its time", async () => {
    await using nuvom = testNuvom({ now: start });
    ran.length = 0;
    await noted.enqueue("third", { in: "3h" });
    await noted.enqueue("second", { in: "2h" });
    await noted.enqueue("first");
    await nuvom.advance("1d");
    expect(ran).toEqual(["first 00:00", "second 02:00", "third 03:00"]);
  });
});

describe("due jobs", () => {
  test("run by priority, then in the order in which they were added", async () => {
    await using nuvom = testNuvom();
    await lengthOf.enqueueMany(["low 1", "low 2"], { priority: "low" });
    await lengthOf.enqueue("normal");
    await lengthOf.enqueue("high", { priority: "high" });
    const inputs = (await nuvom.runDue()).map(({ input }) => input);
    expect(inputs).toEqual(["high", "normal", "low 1", "low 2"]);
  });

  test("run with all that they enqueue, be it awaited or not", async () => {
    await using nuvom = testNuvom();
    await leavesBehind.enqueue();
    expect((await nuvom.runDue()).map(({ task }) => task)).toEqual(["time.leaves-behind", "time.checked"]);
  });

  test("wait in a paused queue", async () => {
    await using nuvom = testNuvom();
    const job = await lengthOf.enqueue("Ada");
    await nuvom.storage.pause("default", true);
    expect(await nuvom.advance("1h")).toEqual([]);
    await expect(job.result()).rejects.toThrow('has not ended: its queue "default" is paused');
    await nuvom.storage.pause("default", false);
    expect(await nuvom.advance(0)).toHaveLength(1);
  });

  test("that never come to an end are an error", async () => {
    await using nuvom = testNuvom({ now: start });
    await restless.enqueue();
    const error = await nuvom.runDue().catch((error) => error);
    expect(error).toBeInstanceOf(NuvomError);
    expect(error.message).toBe(
      "more than 100000 jobs ran at 2026-03-28T00:00:00.000Z, the last of task time.restless: does it enqueue itself, or put itself off, without a delay?",
    );
  }, 30_000);
});

describe("a result", () => {
  test("is there at once if the job is due", async () => {
    await using _ = testNuvom();
    expect(await (await lengthOf.enqueue("Ada")).result()).toBe(3);
  });

  test("can be waited for by another job, and by several at once", async () => {
    await using nuvom = testNuvom();
    const jobs = await asks.enqueueMany(["Ada", "Alan"]);
    const [first, second] = jobs as [(typeof jobs)[0], (typeof jobs)[0]];
    expect(await Promise.all([first.result(), second.result(), first.result()])).toEqual([3, 4, 3]);
    expect(await nuvom.jobs()).toHaveLength(4);
  });

  test("of a job that is not due is an error that says what to do", async () => {
    await using _ = testNuvom({ now: start });
    const job = await lengthOf.enqueue("Ada", { in: "90m" });
    const error = await job.result({ timeout: "1d" }).catch((error) => error);
    expect(error.code).toBe("RESULT_TIMEOUT");
    expect(error.stack.split("\n")[1]).toContain(import.meta.path);
    expect(error.message).toBe(
      `job ${job.id} of task time.length has not ended. Attempt 1 is due in 1h 30m, at 2026-03-28T01:30:00.000Z. A test's clock stands still until it is turned: await nuvom.advance(5400000)`,
    );
  });

  test("can be asked of a job that is found by its id", async () => {
    await using nuvom = testNuvom();
    const { id } = await lengthOf.enqueue("Ada");
    expect(await nuvom.job(id).result()).toBe(3);
    await expect(nuvom.job("nobody").result()).rejects.toThrow("there is no job nobody");
  });

  test("of a cancelled job is none", async () => {
    await using nuvom = testNuvom();
    const job = await lengthOf.enqueue("Ada", { in: "1h" });
    expect(await job.cancel("not needed")).toBe(true);
    expect(await nuvom.advance("1d")).toEqual([]);
    await expect(job.result()).rejects.toBeInstanceOf(JobFailedError);
    expect(await nuvom.jobs()).toMatchObject([{ state: "cancelled", reason: "not needed" }]);
  });
});

describe("time", () => {
  test("stands still, for Date too, until it is turned", async () => {
    await using nuvom = testNuvom({ now: start });
    expect(nuvom.now).toEqual(new Date(start));
    expect(new Date()).toEqual(new Date(start));
    await nuvom.advance("36h");
    expect([nuvom.now, new Date(), new Date(Date.now())]).toEqual(
      Array(3).fill(new Date("2026-03-29T12:00Z")),
    );
  });

  test("comes to a date", async () => {
    await using nuvom = testNuvom({ now: start });
    await lengthOf.enqueue("Ada", { in: "1d" });
    expect(await nuvom.advance(new Date("2026-03-28T23:59Z"))).toEqual([]);
    expect(await nuvom.advance(new Date("2026-03-29T00:00Z"))).toHaveLength(1);
  });

  test("does not go back, and is one", async () => {
    await using nuvom = testNuvom({ now: start });
    await expect(nuvom.advance(new Date("2026-03-27T00:00Z"))).rejects.toThrow(
      "advance: it is 2026-03-28T00:00:00.000Z, and time does not go back",
    );
    await expect(nuvom.advance(-1)).rejects.toBeInstanceOf(InvalidOptionError);
    expect(() => nuvom.skip("a while" as never)).toThrow(InvalidOptionError);
    expect(() => testNuvom({ now: "soon" })).toThrow('testNuvom: now: "soon" is no date');
  });

  test("is the real time at first, unless it is given", async () => {
    const before = Date.now();
    await using nuvom = testNuvom();
    expect(nuvom.now.getTime()).toBeWithin(before, before + 60_000);
  });

  test("passes with nothing done while no worker runs", async () => {
    await using nuvom = testNuvom({ now: start });
    await lengthOf.enqueue("Ada", { in: "1h" });
    nuvom.skip("3d");
    expect(await nuvom.jobs()).toMatchObject([{ state: "pending" }]);
    expect(await nuvom.runDue()).toMatchObject([{ startedAt: new Date("2026-03-31T00:00Z") }]);
  });

  test("costs nothing: a hundred jobs take a moment", async () => {
    await using nuvom = testNuvom();
    await lengthOf.enqueueMany(Array.from({ length: 100 }, (_, i) => String(i)));
    const began = performance.now();
    expect(await nuvom.runDue()).toHaveLength(100);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe("what was enqueued", () => {
  test("can be looked at, task by task, oldest first", async () => {
    await using nuvom = testNuvom();
    const options = { in: "1h", key: "k", priority: "low", attempts: 7 } as const;
    const { id } = await lengthOf.enqueue("Ada", options);
    await noted.enqueue("other");
    await lengthOf.enqueue("Alan", { queue: "names" });
    expect((await nuvom.jobs()).map(({ input }) => input)).toEqual(["Ada", "other", "Alan"]);
    const [ada, alan] = await nuvom.jobs(lengthOf);
    expect(ada).toMatchObject({
      id,
      key: "k",
      priority: "low",
      maxAttempts: 7,
      attempt: 0,
      result: undefined,
    });
    expect(ada!.runAt.getTime() - ada!.createdAt.getTime()).toBe(3_600_000);
    expect(alan!.queue).toBe("names");
    const input: string = ada!.input;
    const result: number | undefined = ada!.result;
    expect([input, result]).toEqual(["Ada", undefined]);
  });

  test("was checked", async () => {
    await using nuvom = testNuvom();
    await expect(checked.enqueue({ to: "nobody" })).rejects.toBeInstanceOf(InvalidInputError);
    expect(await nuvom.jobs()).toEqual([]);
  });

  test("under a key is there once, until it has ended", async () => {
    await using nuvom = testNuvom();
    const [first, second] = [
      await lengthOf.enqueue("Ada", { key: "k" }),
      await lengthOf.enqueue("Alan", { key: "k" }),
    ];
    expect([second.id, second.existing]).toEqual([first.id, true]);
    await nuvom.runDue();
    expect((await lengthOf.enqueue("Alan", { key: "k" })).existing).toBe(false);
  });

  test("can be mocked by what the task calls", async () => {
    await using _ = testNuvom();
    using log = spyOn(console, "log").mockImplementation(() => {});
    const speaks = task("time.speaks", (text: string) => console.log(text));
    await (await speaks.enqueue("hello")).result();
    expect(log).toHaveBeenCalledWith("hello");
  });
});
