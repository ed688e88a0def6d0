import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { factsOf } from "../../cli/why/facts.ts";
import { reasonsOf } from "../../cli/why/reasons.ts";
import { aJob, aWorker } from "../../src/testing/builders.ts";
import * as tasks from "../fixtures/tasks/basic.ts";
import { greet } from "../fixtures/tasks/greet.ts";
import { commandLine, plainText, widest } from "../support/command-line.ts";
import { nuvom } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";
import { startRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";
import { fixtures, workbench } from "../support/worker.ts";

type Bench = ReturnType<typeof commandLine>;

let redis: Awaited<ReturnType<typeof startRedis>>;
let prefixes = 0;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(() => redis.stop());

const reasonsIn = (json: { reasons: { code: string }[] }) => json.reasons.map(({ code }) => code);

/** A worker of these queues that lives, and has just asked for jobs. */
async function register({ client }: Bench, id: string, queues: string[] = []) {
  const now = Date.now();
  const times = { startedAt: now, seenAt: now, claimedAt: now, leaseUntil: now + 60_000 };
  await client.storage.heartbeat(aWorker(id, { queues, ...times }));
}

describe.each([
  ["SQLite", () => commandLine()],
  ["Redis", () => commandLine(`${redis.url}?prefix=why-${prefixes++}`)],
] as const)("why, on %s,", (_, bench) => {
  test("says what a job waits for, and what happened to it", async () => {
    await using line = bench();
    const { id } = await line.client.enqueue(tasks.flaky, 1, { in: "1h", queue: "mail" });
    await line.client.storage.pause("mail", true);
    const { stdout, stderr, exitCode } = await line.run("why", id);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const [head, empty, ...lines] = stdout.trimEnd().split("\n");
    expect([head, empty]).toEqual([`flaky ${id}: pending`, ""]);
    expect(lines[0]).toMatch(/^- it is due \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \(in (1h|59m \d+s)\)$/);
    expect(lines[1]).toBe('- its queue "mail" is paused, so nothing of it starts; nuvom resume mail resumes');
    expect(lines.slice(2, 5)).toEqual(["  it", "- no worker is running; nuvom worker starts one", ""]);
    expect(lines[5]).toMatch(/^\d{4}-\S+Z {2}created$/);
    expect(lines[6]).toMatch(/^\d{4}-\S+Z {2}attempt 1 is due$/);
    expect(lines).toHaveLength(7);
  });

  test("counts the due jobs that come before, in the order of the queue", async () => {
    await using line = bench();
    const { storage } = line.client;
    const now = Date.now();
    const due = (fields = {}) => aJob({ runAt: now - 1_000, queue: "q", ...fields });
    const earlier = due();
    const job = due();
    const later = due();
    const before = [due({ priority: "high" }), due({ runAt: now - 2_000 })];
    const behind = [
      due({ priority: "low" }),
      due({ runAt: now - 500 }),
      due({ priority: "high", runAt: now + 60_000 }),
    ];
    await register(line, "w1");
    await storage.insert([due()]);
    const [parked] = await storage.claim("w1", ["q"], 1, now);
    const put = {
      id: parked!.id,
      queue: "q",
      claims: 1,
      startedAt: now,
      runAt: now - 5_000,
      reason: "unknown",
    };
    await storage.settle("w1", [{ ...put, kind: "released", parked: "sources" }], now);
    await storage.insert([earlier, job, later, ...before, ...behind, due({ queue: "other" })]);
    const answer = await line.json("why", job.id);
    expect(answer.reasons[0]).toEqual({
      code: "behind",
      text: "3 due jobs of its queue come before it, by priority and then by time; 0 jobs are running now",
    });
    expect(reasonsIn(answer)).toEqual(["behind", "due"]);
    await storage.claim("w1", ["q"], 3, now);
    expect((await line.json("why", job.id)).reasons[0]).toMatchObject({
      code: "busy",
      text: expect.stringContaining("3 jobs are running now"),
    });
  });

  test("counts more than 1,000 jobs no further", async () => {
    await using line = bench();
    const jobs = Array.from({ length: 1_001 }, () => aJob());
    const last = aJob();
    await line.client.storage.insert([...jobs, last]);
    await register(line, "w1");
    const text = async (id: string) => (await line.json("why", id)).reasons[0].text;
    expect(await text(last.id)).toStartWith("more than 1,000 due jobs of its queue come before it");
    expect(await text(jobs.at(-1)!.id)).toStartWith("1,000 due jobs of its queue come before it");
  });

  test("says that a running job is to be cancelled", async () => {
    await using line = bench();
    const { storage } = line.client;
    const job = aJob();
    await storage.insert([job]);
    await register(line, "w1");
    await storage.claim("w1", ["default"], 1, Date.now());
    expect(reasonsIn(await line.json("why", job.id))).toEqual(["running"]);
    await storage.cancel([job.id], "by ann", Date.now());
    const { stdout } = await line.run("why", job.id);
    expect(stdout).toContain("- somebody wants it cancelled: by ann; its worker stops it within seconds\n");
    expect(stdout).toMatch(/^- attempt 1 of 3 runs since \S+ \((now|\ds ago)\) on host\/1,/m);
  });

  test("says what became of a job, with each attempt", async () => {
    await using line = bench();
    const { id } = await line.client.enqueue(tasks.broken, undefined);
    // Its second attempt is due a millisecond after the first, when the worker may have drained.
    while ((await line.client.job(id).state()) !== "failed") await line.work();
    const { reasons, timeline, ...job } = await line.json("why", id);
    expect(job).toEqual({ id, task: "broken", state: "failed" });
    expect(reasons).toMatchObject([
      { code: "failed", text: expect.stringContaining(", in attempt 2 of 2, with RangeError: [/x] %s") },
      { code: "kept", text: expect.stringContaining("(in 7d), but no more than 10,000 failed ones") },
    ]);
    expect(timeline).toMatchObject([
      { event: "created" },
      { event: "attempt-failed", attempt: 1, error: { name: "RangeError" }, pid: expect.any(Number) },
      { event: "attempt-failed", attempt: 2, worker: expect.any(String) },
      { event: "failed" },
    ]);
    for (const { at } of timeline) expect(new Date(at).toISOString()).toBe(at);
    const { stdout } = await line.run("why", id);
    expect(stdout).toMatch(/^\S+Z {2}attempt 1 in process \d+ failed after \d+m?s, having/m);
    expect(stdout).toContain("\n                          RangeError: [/x] %s \\x1b[31mred\n");
  });
});

describe("a job whose task its worker does not know", () => {
  /** Leaves a job of the task `mail` parked by a worker of the fixtures. */
  async function parked(bench: Bench) {
    const job = aJob({ task: "mail", runAt: 0 });
    await bench.client.storage.insert([job]);
    await bench.work();
    return job.id;
  }

  test("is parked, and what the sources here say of it is told", async () => {
    await using bench = commandLine();
    const id = await parked(bench);
    using project = await temporaryProject({
      "mail.ts": 'import { task } from "nuvom";\n\nexport const mail = task("mail", () => 1);\n',
    });
    const text = async (cwd: string) => {
      const { stdout } = await nuvom(["why", id, "--json", "--storage", bench.storage], { cwd });
      return JSON.parse(stdout).reasons.find(({ code }: { code: string }) => code === "parked").text;
    };
    expect(await text(project.path)).toContain("the sources here, which are others, define it at mail.ts:3");
    expect(await text(fixtures)).toContain('do not define "mail" either');
    expect(await text(bench.folder.path)).toContain('start one in a project that defines "mail"');
    const elsewhere = await bench.json("why", id, "--root", project.path);
    expect(elsewhere.reasons[0].text).toContain("no source that its worker has read defines the task");
    expect(elsewhere.reasons[0].text).toContain("mail.ts:3");
  });

  test("or whose input does not fit is told from sources that are the same", async () => {
    await using bench = commandLine();
    const { id } = await bench.client.enqueue(greet, { name: "Ada" });
    const [job] = await bench.client.storage.get([id]);
    await bench.client.storage.cancel([id], "for its likeness", Date.now());
    const { input } = aJob();
    const unfit = aJob({ ...job!, id: Bun.randomUUIDv7(), input });
    await bench.client.storage.insert([unfit]);
    await bench.work();
    const { reasons } = await bench.json("why", unfit.id, "--root", fixtures);
    expect(reasons[0]).toMatchObject({ code: "parked" });
    expect(reasons[0].text).toMatch(/had the same sources as are here, where \S+greet\.ts:\d+ defines it/);
  });
});

test("a job that is not there is looked for in the right storage, and how old it is told", async () => {
  await using bench = commandLine();
  const id = Bun.randomUUIDv7("hex", Date.parse("2026-01-02T03:04:05.678Z"));
  for (const args of [[], ["--json"]]) {
    const { stdout, stderr, exitCode } = await bench.run("why", id, ...args);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toStartWith(
      `nuvom: there is no job ${id} in the storage ${bench.storage}. By its id it was made 2026-01-02T03:04:05.678Z (`,
    );
    expect(stderr).toContain('A finished job is deleted when the time of its task\'s option "keep" is over');
  }
  expect((await bench.run("why", "nobody")).stderr).not.toContain("By its id");
});

test("what others have written stays within 80 columns and is plain", async () => {
  await using bench = commandLine();
  const evil = `\u001b]0;title\u0007${"long".repeat(40)}\u009b\twith tab`;
  const job = aJob({ task: evil, queue: evil, schedule: evil, runAt: Date.now() - 1_000 });
  const { storage } = bench.client;
  await storage.insert([job]);
  await storage.heartbeat(aWorker("w1", { leaseUntil: Date.now() + 60_000, host: evil, queues: [evil] }));
  const [claimed] = await storage.claim("w1", [evil], 1, Date.now());
  const settled = {
    id: job.id,
    queue: claimed!.queue,
    claims: claimed!.claims,
    startedAt: Date.now(),
    runAt: 0,
    reason: evil,
  } as const;
  await storage.settle("w1", [{ ...settled, kind: "released", parked: "others" }], Date.now());
  const { stdout } = await bench.run("why", job.id);
  expect(stdout).toContain("\\x1b]0;title\\x07");
  expect(stdout).toMatch(plainText);
  expect(widest(stdout)).toBeLessThanOrEqual(80);
});

test("a worker that serves no such queue, or is not heard of, is told of", async () => {
  await using bench = commandLine();
  const { id } = await bench.client.enqueue(greet, { name: "Ada" });
  await register(bench, "w1", ["default"]);
  expect(reasonsIn(await bench.json("why", id))).toEqual(["no-worker-for-queue", "due"]);
  await register(bench, "w2", ["greetings"]);
  expect(reasonsIn(await bench.json("why", id))).toEqual(["next", "due"]);
});

test("a worker that has nothing to do, or no free process, for longer than its lease is not taken to be stuck", async () => {
  await using bench = await workbench({ lease: "1s" });
  const { storage } = bench.nuvom;
  await storage.pause("paused", true);
  const held = await bench.nuvom.enqueue(tasks.echo, 1, { queue: "paused" });
  const reasons = async (id: string) => {
    const now = Date.now();
    await until(async () => (await storage.workers()).some(({ seenAt }) => seenAt > now + 2_000));
    const [job] = await storage.get([id]);
    return reasonsOf(await factsOf(storage, job!, Date.now())).map(({ code }) => code);
  };
  expect(await reasons(held.id)).toEqual(["queue-paused", "due"]);
  const file = bench.folder.file("end");
  const started = bench.folder.file("started");
  await bench.nuvom.enqueue(tasks.waitFor, { file, started });
  await until(started);
  const waiting = await bench.nuvom.enqueue(tasks.echo, 1);
  expect(await reasons(waiting.id)).toEqual(["busy", "due"]);
  await Bun.write(file, "");
  await waiting.result();
});
