import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { eventLog } from "../../cli/log.ts";
import type { WorkerEvent } from "../../src/index.ts";
import { nuvom } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";

const print = spyOn(console, "log").mockImplementation(() => {});
afterEach(() => void print.mockClear());

type Type = WorkerEvent["type"];

const ended = { id: "j", task: "t", queue: "q", attempt: 1, waited: 250, duration: 20 };
const error = { name: "Error", message: "no", stack: "Error: no" };
const ofEnded = ["job", "task", "queue", "attempt", "waited_ms", "duration_ms"];

/** Each event, and the fields that are printed of it besides `time`, `level`, `event` and `message`. */
const events: {
  [T in Type]: [level: string | null, fields: string[], event: Extract<WorkerEvent, { type: T }>];
} = {
  started: [
    "info",
    ["worker", "tasks", "processes"],
    { type: "started", worker: "w", tasks: 3, processes: 2 },
  ],
  listening: ["info", ["url"], { type: "listening", url: "http://127.0.0.1:9464/" }],
  stopping: [null, [], { type: "stopping" }],
  stopped: ["info", ["unrecorded"], { type: "stopped", unrecorded: 0 }],
  succeeded: ["info", ofEnded, { type: "succeeded", ...ended, result: new Uint8Array([1]) }],
  retry: [
    "warn",
    [...ofEnded, "error", "cause", "run_at"],
    { type: "retry", ...ended, error, cause: "error", runAt: 0 },
  ],
  failed: ["error", [...ofEnded, "error", "cause"], { type: "failed", ...ended, error, cause: "crash" }],
  cancelled: [
    "warn",
    ["job", "task", "queue", "reason"],
    { type: "cancelled", id: "j", task: "t", queue: "q", reason: null },
  ],
  unfit: ["warn", ["job", "task", "reason"], { type: "unfit", id: "j", task: "t", reason: "no" }],
  refused: ["warn", ["job"], { type: "refused", id: "j" }],
  recovered: ["warn", ["job_ids"], { type: "recovered", ids: ["j"] }],
  fired: [
    "info",
    ["schedule", "occurrence", "lag_ms"],
    { type: "fired", schedule: "s", occurrence: 0, lag: 3 },
  ],
  missed: ["warn", ["schedule", "occurrences"], { type: "missed", schedule: "s", occurrences: 2 }],
  "schedules-changed": [
    "warn",
    ["added", "changed", "removed"],
    { type: "schedules-changed", added: ["s"], changed: [], removed: [] },
  ],
  "schedule-unknown": ["error", ["task", "reason"], { type: "schedule-unknown", task: "t", reason: "no" }],
  log: ["info", ["job", "task"], { type: "log", id: "j", task: "t", text: "said" }],
  output: ["info", ["pid"], { type: "output", pid: 7, text: "said" }],
  "hook-failed": [
    "error",
    ["job", "task", "hook", "reason"],
    { type: "hook-failed", id: "j", task: "t", hook: "onFailure", reason: "no" },
  ],
  "process-started": [null, [], { type: "process-started", pid: 7 }],
  "process-failed": ["error", ["error"], { type: "process-failed", error: new Error("no") }],
  "process-ended": [null, [], { type: "process-ended", pid: 7 }],
  "process-died": [
    "error",
    ["pid", "how", "reason", "killed", "jobs"],
    { type: "process-died", pid: 7, how: "by SIGKILL", reason: "crash", killed: false, jobs: 1 },
  ],
  "storage-error": [
    "error",
    ["error", "retry_in_ms"],
    { type: "storage-error", error: new Error("no"), retryIn: 5 },
  ],
  "storage-back": ["warn", ["after_ms"], { type: "storage-back", after: 5 }],
  warning: ["warn", [], { type: "warning", text: "mind" }],
  "lease-lost": ["error", [], { type: "lease-lost" }],
  claimed: [null, [], { type: "claimed", jobs: 3, duration: 2 }],
  settled: [null, [], { type: "settled", jobs: 3, duration: 2 }],
};
const printed = Object.entries(events).filter(([, [level]]) => level !== null);

/** What is printed of events, as objects. */
function logged(...given: WorkerEvent[]): Record<string, unknown>[] {
  const log = eventLog({ format: "json", quiet: false, storage: "memory:" });
  for (const event of given) log(event);
  return print.mock.calls.map(([line]) => JSON.parse(line));
}

describe("--log json", () => {
  test.each(printed)("prints of %s these fields, whose names stay", (type, [level, fields, event]) => {
    const [line] = logged(event);
    expect(Object.keys(line!)).toEqual(["time", "level", "event", "message", ...fields]);
    expect(line).toMatchObject({ event: type, level, message: expect.stringMatching(/./) });
  });

  test("prints nothing of what is only for metrics", () => {
    const others = Object.values(events).filter(([level]) => level === null);
    expect(logged(...others.map(([, , event]) => event))).toEqual([]);
  });

  test("has a table in docs/monitoring.md", async () => {
    const text = await Bun.file(new URL("../../docs/monitoring.md", import.meta.url)).text();
    const rows = [...text.matchAll(/^\| `([\w-]+)` \| (info|warn|error) \| (.*?) \|/gm)];
    const told = rows.map(([, type, level, fields]) => [type, level, fields!.match(/\w+(?=`)/g) ?? []]);
    expect<unknown>(told).toEqual(printed.map(([type, [level, fields]]) => [type, level, fields]));
  });

  test("writes times as text and errors with their stack", () => {
    const cause = new TypeError("no connection");
    const lines = logged(events.retry[2], events.fired[2], {
      type: "storage-error",
      error: cause,
      retryIn: 5,
    });
    expect(lines).toMatchObject([
      { run_at: "1970-01-01T00:00:00.000Z", error },
      { occurrence: "1970-01-01T00:00:00.000Z" },
      { error: { name: "TypeError", message: "no connection", stack: cause.stack } },
    ]);
    expect(lines[0]!.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });
});

/** What could break a line, or the terminal of who reads it. */
const nasty = `two\nlines\r\n\x1b[31mred\x1b[0m \0 "quoted" \\ \u2028 \ud800 {"level":"error"} `;

test("a worker prints one JSON object a line, whatever its tasks throw, print and return", async () => {
  using project = await temporaryProject({
    "tasks/nasty.ts": `import { task } from "nuvom";
      const text = ${JSON.stringify(nasty)};
      export const throws = task("throws", { retry: { attempts: 1 }, run() { throw new Error(text + "x".repeat(1024 * 1024)); } });
      export const prints = task("prints", (_: unknown, { log }) => {
        log(text);
        console.log("y".repeat(1024 * 1024));
        process.stdout.write(text);
      });
      export const returns = task("returns", () => "a secret");`,
    "tasks/broken.ts": 'import { task } from "nuvom";\nexport const x = = task("x", () => 1);\n',
  });
  const run = (...args: string[]) => nuvom(args, { cwd: project.path });
  const ids: string[] = [];
  for (const name of ["throws", "prints", "returns"]) ids.push((await run("enqueue", name)).stdout.trim());
  const { stdout, stderr, exitCode } = await run("worker", "--drain", "--processes", "1", "--log", "json");
  // Past `console`, it is not part of the log.
  expect({ stderr, exitCode }).toEqual({ stderr: nasty.toWellFormed(), exitCode: 0 });
  const found = ["a secret", "\\ud800"].filter((text) => stdout.includes(text));
  expect([found, /(?!\n)\p{Cc}/u.test(stdout)]).toEqual([[], false]);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const of = (job: string) => lines.filter((line) => line.job === job);
  const [failure] = of(ids[0]!);
  expect(failure).toMatchObject({ event: "failed", level: "error", task: "throws", cause: "error" });
  expect(failure.error.message).toStartWith(nasty.toWellFormed());
  expect(
    of(ids[1]!)
      .map(({ message }) => message)
      .join("\n"),
  ).toContain('\u001b[31mred\u001b[0m \0 "quoted"');
  expect(of(ids[2]!).map(({ event, task }) => [event, task])).toEqual([["succeeded", "returns"]]);
  // What is said besides events is an object, too.
  expect(lines.filter(({ event }) => event === "warning")).toMatchObject([
    { message: expect.stringContaining("tasks/broken.ts:2: ") },
  ]);
});
