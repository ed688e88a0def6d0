import { describe, expect, test } from "bun:test";
import { z } from "zod";
import {
  type EnqueueOptions,
  InvalidInputError,
  InvalidOptionError,
  JobNotFoundError,
  type NewJob,
  Nuvom,
  openStorage,
  ResultTimeoutError,
  StorageError,
  task,
  useClient,
} from "../src/index.ts";
import { aWorker } from "../src/testing/builders.ts";
import { VirtualClock } from "./support/clock.ts";
import { temporaryFolder } from "./support/folder.ts";

const add = task("math.add", ({ x, y }: { x: number; y: number }) => x + y);
const mail = task("mail", {
  input: z.object({ to: z.email(), tags: z.array(z.string()).default([]) }),
  queue: "mail",
  priority: "low",
  timeout: "30s",
  retry: { attempts: 7 },
  run: ({ to }) => to,
});

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/** A client on a memory storage whose inserts are counted, with a clock that stands still. */
function client() {
  const inserts: (readonly NewJob[])[] = [];
  const memory = openStorage("memory:", "/");
  const storage = {
    ...memory,
    insert(jobs: readonly NewJob[]) {
      inserts.push(jobs);
      return memory.insert(jobs);
    },
  };
  const clock = new VirtualClock();
  return { inserts, clock, storage, nuvom: new Nuvom({ storage, clock }) };
}

describe("enqueue", () => {
  test("makes a job of the task's options, to run now", async () => {
    const { nuvom, clock } = client();
    const job = await nuvom.enqueue(mail, { to: "ada@example.com" });
    expect(job.existing).toBe(false);
    expect(await job.get()).toMatchObject({
      id: job.id,
      task: "mail",
      queue: "mail",
      priority: "low",
      runAt: clock.now(),
      createdAt: clock.now(),
      timeout: 30_000,
      maxAttempts: 7,
      state: "pending",
      key: null,
    });
  });

  test("lets its options come before the task's", async () => {
    const { nuvom, clock } = client();
    const options = {
      in: "10m",
      queue: "now",
      priority: "high",
      attempts: 1,
      timeout: "none",
      key: "k",
    } as const;
    expect(await (await nuvom.enqueue(mail, { to: "ada@example.com" }, options)).get()).toMatchObject({
      queue: "now",
      priority: "high",
      runAt: clock.now() + 600_000,
      maxAttempts: 1,
      timeout: null,
      key: "k",
    });
    const at = new Date("2038-01-19T03:14:07Z");
    expect((await (await nuvom.enqueue(mail, { to: "ada@example.com" }, { at })).get()).runAt).toBe(
      at.getTime(),
    );
  });

  test("takes 0 for what it is", async () => {
    const { nuvom, clock } = client();
    const job = await (await nuvom.enqueue(mail, { to: "ada@example.com" }, { in: 0, timeout: 0 })).get();
    expect(job).toMatchObject({ runAt: clock.now(), timeout: 0 });
  });

  const refused: [unknown, string][] = [
    [{ delay: "5m" }, "delay"],
    [{ in: "5 minutes" }, "in"],
    [{ in: -1 }, "in"],
    [{ in: 8.64e15 }, "in: 8640000000000000 is too long"],
    [{ at: "tomorrow" }, "options.at: must be a valid Date"],
    [{ at: new Date("impossible") }, "options.at: must be a valid Date"],
    [{ at: new Date(), in: 5 }, "either in or at, not both"],
    [{ attempts: 0 }, "options.attempts"],
    [{ priority: "urgent" }, "options.priority"],
    [{ queue: "" }, "options.queue"],
    [{ queue: "news-\ud83d" }, "lone surrogate"],
    [{ key: "" }, "options.key"],
    [{ timeout: "soon" }, "timeout"],
    [{ traceparent: "" }, "options.traceparent: must have the form 00-"],
    [{ traceparent: traceparent.toUpperCase() }, "options.traceparent"],
    [{ traceparent: `${traceparent}-01` }, "options.traceparent"],
    [{ traceparent: traceparent.replace("00-", "ff-") }, "options.traceparent"],
    [{ traceparent: `00-${"0".repeat(32)}-${"1".repeat(16)}-01` }, "options.traceparent"],
    [{ traceparent: `00-${"1".repeat(32)}-${"0".repeat(16)}-01` }, "options.traceparent"],
  ];
  test.each(refused)("refuses %p", async (options, message) => {
    const { nuvom, inserts } = client();
    const error = await nuvom.enqueue(add, { x: 1, y: 1 }, options as EnqueueOptions).catch((error) => error);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.message).toContain(message);
    expect(inserts).toEqual([]);
  });

  test("adds a job to the trace that it is given, and to none else", async () => {
    const { nuvom } = client();
    const traced = await nuvom.enqueue(add, { x: 1, y: 1 }, { traceparent });
    expect((await traced.get()).traceparent).toBe(traceparent);
    expect((await (await nuvom.enqueue(add, { x: 1, y: 1 })).get()).traceparent).toBeNull();
  });

  test("names each field of an input that does not fit", async () => {
    const { nuvom, inserts } = client();
    const error = await nuvom.enqueue(mail, { to: "nobody", tags: [1] } as never).catch((error) => error);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toStartWith('task "mail": input.to: ');
    expect(error.message).toContain("input.tags.0: ");
    expect(inserts).toEqual([]);
  });

  test("names the place of a value that cannot be stored", async () => {
    const { nuvom } = client();
    expect(nuvom.enqueue(add, { x: [{ f() {} }] } as never)).rejects.toThrow("input.x[0].f");
    const tight = new Nuvom({ storage: "memory:", sizeLimit: 100 });
    expect(tight.enqueue(add, { x: "a".repeat(200) } as never)).rejects.toThrow("100");
  });

  test("returns the job that holds the key", async () => {
    const { nuvom } = client();
    const first = await nuvom.enqueue(add, { x: 1, y: 1 }, { key: "k" });
    const second = await nuvom.enqueue(add, { x: 2, y: 2 }, { key: "k" });
    expect(second).toMatchObject({ id: first.id, existing: true });
  });
});

describe("group commit", () => {
  test("gives the calls of one turn to the storage at once, in their order", async () => {
    const { nuvom, inserts } = client();
    const handles = await Promise.all(Array.from({ length: 200 }, (_, x) => nuvom.enqueue(add, { x, y: 0 })));
    expect(inserts.map((batch) => batch.length)).toEqual([200]);
    const ids = handles.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
    expect(inserts[0]!.map(({ id }) => id)).toEqual(ids);
  });

  test("collects what comes while the storage is busy", async () => {
    const { storage, inserts } = client();
    const insert = storage.insert;
    const gate = Promise.withResolvers<void>();
    const called = Promise.withResolvers<void>();
    const slow = (jobs: readonly NewJob[]) => {
      called.resolve();
      return gate.promise.then(() => insert(jobs));
    };
    const nuvom = new Nuvom({ storage: { ...storage, insert: slow } });
    const first = nuvom.enqueue(add, { x: 0, y: 0 });
    await called.promise;
    const others = Array.from({ length: 9 }, (_, x) => nuvom.enqueue(add, { x, y: 0 }));
    gate.resolve();
    await Promise.all([first, ...others]);
    expect(inserts.map((batch) => batch.length)).toEqual([1, 9]);
  });

  test("tells every caller when the storage fails", async () => {
    const { storage } = client();
    const nuvom = new Nuvom({
      storage: { ...storage, insert: () => Promise.reject(new StorageError("full")) },
    });
    const results = await Promise.allSettled([1, 2, 3].map((x) => nuvom.enqueue(add, { x, y: 0 })));
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  });

  test("enqueueMany adds all or none", async () => {
    const { nuvom, inserts } = client();
    const inputs = [{ to: "ada@example.com" }, { to: "nobody" }];
    expect(nuvom.enqueueMany(mail, inputs)).rejects.toThrow("input.to");
    expect(await nuvom.enqueueMany(mail, [])).toEqual([]);
    await nuvom.enqueueMany(
      add,
      [1, 2].map((x) => ({ x, y: 0 })),
      ({ x }) => ({ key: `add:${x}` }),
    );
    expect(inserts.flat().map(({ key }) => key)).toEqual(["add:1", "add:2"]);
  });
});

describe("result", () => {
  test("waits no longer than its timeout", async () => {
    const { nuvom, clock } = client();
    const waiting = (await nuvom.enqueue(add, { x: 1, y: 1 })).result({ timeout: "5s" });
    const error = waiting.catch((error) => error);
    await clock.advance(5_000);
    expect(await error).toBeInstanceOf(ResultTimeoutError);
    expect((await error).message).toContain("within 5s");
  });

  test("says that there is no such job", async () => {
    const { nuvom } = client();
    expect(nuvom.job("nothing").result()).rejects.toBeInstanceOf(JobNotFoundError);
    expect(nuvom.job("nothing").state()).rejects.toBeInstanceOf(JobNotFoundError);
  });

  test("can be waited for before and after the end, any number of times", async () => {
    const { nuvom, storage, clock } = client();
    const handle = await nuvom.enqueue(
      task("nothing", () => null),
      undefined,
    );
    const early = [handle.result(), handle.result()];
    const [now, lease] = [clock.now(), clock.now() + 1];
    await storage.heartbeat(aWorker("w", { seenAt: now, leaseUntil: lease }));
    const [job] = await storage.claim("w", ["default"], 1, now);
    const result = new Uint8Array([0xc0]);
    await storage.settle(
      "w",
      [{ kind: "succeeded", id: job!.id, queue: "default", claims: 1, startedAt: now, result }],
      now,
    );
    await clock.advance(1_000);
    expect(await Promise.all([...early, handle.result()])).toEqual([null, null, null]);
    expect(await handle.state()).toBe("succeeded");
  });
});

test("a closed client refuses, after it has stored what it was given", async () => {
  using folder = temporaryFolder();
  const storage = `sqlite:${folder.file("jobs.db")}`;
  const nuvom = useClient(new Nuvom({ storage }));
  const pending = add.enqueue({ x: 1, y: 2 });
  await new Promise((resolve) => setImmediate(resolve));
  await nuvom.close();
  const { id } = await pending;
  expect(add.enqueue({ x: 1, y: 2 })).rejects.toThrow("closed");
  const again = new Nuvom({ storage });
  expect(await again.job(id).state()).toBe("pending");
  await again.close();
});
