/** The program of a process: imports a task's file at its first job, runs what it is sent, reports how it ended. */
import { decode, encode } from "../codec.ts";
import { definedTasks, type JobContext, type TaskDefinition } from "../definition.ts";
import { validInput } from "../enqueue.ts";
import { hasCode } from "../errors.ts";
import { type RetryPolicy, retryDelay, retryPolicy } from "../retry.ts";
import { describeThrown } from "../thrown.ts";
import { dieWithParent } from "./orphan.ts";
import type { Assignment, FromProcess, Report, ToProcess } from "./protocol.ts";

const waiting: Assignment[] = [];
const running = new Map<string, AbortController>();
const loaded = new Map<string, Promise<TaskDefinition | undefined>>();
let files: ReadonlyMap<string, string> = new Map();
let concurrency = 1;
let sizeLimit = 0;

process.on("message", receive);
dieWithParent();
// Its worker is gone, and with it whoever could hear of a result.
process.on("disconnect", () => process.exit());
// A terminal or a service manager signals the whole group; when to end is the worker's decision.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
send({ type: "ready" });

function send(message: FromProcess): void {
  process.send!(message);
}

function receive(message: ToProcess): void {
  switch (message.type) {
    case "start":
      ({ files, concurrency, sizeLimit } = message);
      return;
    case "run":
      waiting.push(...message.jobs);
      return runWaiting();
    case "recall":
      return send({ type: "returned", ids: waiting.splice(0).map((job) => job.id) });
    case "abort":
      return abort(message.id, message.name, message.reason);
  }
}

function runWaiting(): void {
  while (running.size < concurrency) {
    const job = waiting.shift();
    if (!job) return;
    const controller = new AbortController();
    running.set(job.id, controller);
    void run(job, controller.signal).then((report) => {
      running.delete(job.id);
      send({ type: "report", report });
      runWaiting();
    });
  }
}

function abort(id: string, name: string, reason: string): void {
  const index = waiting.findIndex((job) => job.id === id);
  if (index >= 0) {
    waiting.splice(index, 1);
    send({ type: "report", report: { id, kind: "dropped" } });
  }
  running.get(id)?.abort(new DOMException(reason, name));
}

async function run(job: Assignment, signal: AbortSignal): Promise<Report> {
  const { id, attempt, runAt } = job;
  let definition: TaskDefinition | undefined;
  const startedAt = Date.now();
  const began = performance.now();
  const times = () => ({ startedAt, duration: performance.now() - began });
  try {
    definition = await load(job.task);
    if (!definition)
      return { id, kind: "unfit", reason: `${files.get(job.task)} does not define this task any more` };
    const input = await fitting(definition, job.input);
    if ("reason" in input) return { id, kind: "unfit", reason: input.reason };
    const context: JobContext = { id, attempt, runAt, signal, log: (...values) => log(id, values) };
    const output = await definition.run(input.value as never, context);
    return {
      id,
      kind: "succeeded",
      result: encode(output, { root: "result", limit: sizeLimit }),
      ...times(),
    };
  } catch (error) {
    // A result that cannot be stored would be no better the next time.
    const final = hasCode(error, "NON_RETRYABLE") || hasCode(error, "NOT_ENCODABLE");
    const policy = definition?.retry ?? retryPolicy(undefined);
    const retryIn = final ? null : retryDelay(policy, attempt, error, Math.random);
    return { id, kind: "failed", error: describeThrown(error), retryIn, ...times() };
  }
}

function load(task: string): Promise<TaskDefinition | undefined> {
  const known = loaded.get(task);
  if (known) return known;
  const loading = import(files.get(task)!).then(() => {
    const definition = definedTasks().get(task)?.definition;
    if (definition) send({ type: "loaded", task, retry: sendable(definition.retry) });
    return definition;
  });
  loaded.set(task, loading);
  return loading;
}

/** A function cannot cross to the worker, which then falls back to the exponential default. */
function sendable(policy: RetryPolicy): RetryPolicy {
  return typeof policy.backoff === "function" ? { ...policy, backoff: "exponential" } : policy;
}

/** The input as the task's schema makes it, or why it does not fit: a release with another schema may be on its way. */
async function fitting(
  definition: TaskDefinition,
  input: Uint8Array,
): Promise<{ value: unknown } | { reason: string }> {
  try {
    return { value: await validInput(definition, decode(input)) };
  } catch (error) {
    return { reason: describeThrown(error).message };
  }
}

function log(id: string, values: unknown[]): void {
  const text = values.map((value) => (typeof value === "string" ? value : Bun.inspect(value))).join(" ");
  send({ type: "log", id, text });
}
