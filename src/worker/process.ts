/** The program of a process: imports a task's file at its first job, runs what it is sent, reports how it ended. */
import { decode, defaultSizeLimit, encode } from "../codec.ts";
import { definedTasks, type JobContext, type TaskDefinition } from "../definition.ts";
import { newJob, validInput } from "../enqueue.ts";
import { hasCode } from "../errors.ts";
import { defaultKeep, keepPolicy } from "../keep.ts";
import { type RetryPolicy, retryDelay, retryPolicy } from "../retry.ts";
import { describeThrown } from "../thrown.ts";
import { templateOf } from "../wanted-schedule.ts";
import { dieWithParent } from "./orphan.ts";
import {
  type Assignment,
  type DescribedTask,
  type Envelope,
  type FromProcess,
  insideProcess,
  type Report,
  type ToProcess,
} from "./protocol.ts";

// A task may replace any of these for its own purposes.
const { now } = Date;
const { random } = Math;
const clock = performance.now.bind(performance);
const sendToWorker = process.send!.bind(process);

interface Waiting extends Assignment {
  beginBy: number;
}

const waiting: Waiting[] = [];
const running = new Map<string, AbortController>();
const loaded = new Map<string, Promise<TaskDefinition | undefined>>();
let files: ReadonlyMap<string, string> = new Map();
let concurrency = 1;
let sizeLimit = 0;

Object.assign(globalThis, { [insideProcess]: true });
process.on("message", (message: Partial<Envelope<ToProcess>> | null) => {
  if (message?.nuvom) receive(message.nuvom);
});
dieWithParent();
process.on("uncaughtException", endOf);
process.on("unhandledRejection", endOf);
// Its worker is gone, and with it whoever could hear of a result.
process.on("disconnect", () => process.exit());
// A terminal or a service manager signals the whole group; when to end is the worker's decision.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
send({ type: "ready" });

function send(message: FromProcess): void {
  sendToWorker({ nuvom: message } satisfies Envelope<FromProcess>);
}

/** Calls back when the message has left the process. */
function sendThen(message: FromProcess, callback: () => void): void {
  sendToWorker({ nuvom: message } satisfies Envelope<FromProcess>, undefined, undefined, callback);
}

/** As without a listener: it is printed and the process ends, but its worker learns of what. */
function endOf(thrown: unknown): never {
  console.error(thrown);
  send({ type: "uncaught", error: describeThrown(thrown) });
  process.exit(1);
}

function receive(message: ToProcess): void {
  switch (message.type) {
    case "start":
      ({ files, concurrency, sizeLimit } = message);
      return;
    case "run":
      for (const job of message.jobs) waiting.push({ ...job, beginBy: message.beginBy });
      return runWaiting();
    case "describe":
      return void describe(message.tasks);
    case "recall":
      return send({ type: "returned", executions: waiting.splice(0).map((job) => job.execution) });
    case "abort":
      return abort(message.execution, message.name, message.reason);
  }
}

function runWaiting(): void {
  while (running.size < concurrency) {
    const job = waiting.shift();
    if (!job) return;
    if (now() > job.beginBy) {
      send({ type: "returned", executions: [job.execution] });
      continue;
    }
    const controller = new AbortController();
    running.set(job.execution, controller);
    void run(job, controller.signal).then((report) => {
      // The next job may never give way, and must not find this report still in the process.
      sendThen({ type: "report", report }, () => {
        running.delete(job.execution);
        runWaiting();
      });
    });
  }
}

function abort(execution: string, name: string, reason: string): void {
  const index = waiting.findIndex((job) => job.execution === execution);
  if (index >= 0) {
    waiting.splice(index, 1);
    send({ type: "report", report: { execution, kind: "dropped" } });
  }
  const controller = running.get(execution);
  if (!controller) return;
  send({ type: "aborted", execution });
  controller.abort(new DOMException(reason, name));
}

async function run(job: Assignment, signal: AbortSignal): Promise<Report> {
  const { execution, id, attempt, runAt, scheduledFor } = job;
  let definition: TaskDefinition | undefined;
  const began = clock();
  try {
    definition = await load(job.task);
    if (!definition)
      return {
        execution,
        kind: "unfit",
        reason: `${files.get(job.task)} does not define this task any more`,
      };
    const input = await fitting(definition, job.input);
    if ("reason" in input) return { execution, kind: "unfit", reason: input.reason };
    const context: JobContext = {
      id,
      attempt,
      runAt,
      scheduledFor,
      signal,
      log: (...values) => log(execution, values),
    };
    const output = await definition.run(input.value as never, context);
    const result = encode(output, { root: "result", limit: sizeLimit });
    return { execution, kind: "succeeded", result, duration: clock() - began };
  } catch (error) {
    // A result that cannot be stored would be no better the next time.
    const final = hasCode(error, "NON_RETRYABLE") || hasCode(error, "NOT_ENCODABLE");
    const policy = definition?.retry ?? retryPolicy(undefined);
    const retryIn = final ? null : retryDelay(policy, attempt, error, random);
    return { execution, kind: "failed", error: describeThrown(error), retryIn, duration: clock() - began };
  }
}

async function describe(tasks: readonly string[]): Promise<void> {
  for (const name of tasks) {
    try {
      send({ type: "described", name, task: await scheduleOf(await load(name)), reason: null });
    } catch (error) {
      send({ type: "described", name, task: null, reason: describeThrown(error).message });
    }
  }
}

async function scheduleOf(definition: TaskDefinition | undefined): Promise<DescribedTask | null> {
  if (!definition?.recurring) return null;
  const context = { now: now(), sizeLimit: defaultSizeLimit, keep: keepPolicy(defaultKeep, definition.name) };
  const template = templateOf(await newJob(definition, undefined, {}, context));
  return { when: definition.recurring, template };
}

function load(task: string): Promise<TaskDefinition | undefined> {
  const known = loaded.get(task);
  if (known) return known;
  const loading = importTask(task);
  loaded.set(task, loading);
  return loading;
}

async function importTask(task: string): Promise<TaskDefinition | undefined> {
  try {
    await import(files.get(task)!);
  } catch (error) {
    send({ type: "spoiled" });
    throw error;
  }
  const definition = definedTasks().get(task)?.definition;
  if (definition) send({ type: "loaded", task, retry: sendable(definition.retry) });
  return definition;
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

function log(execution: string, values: unknown[]): void {
  const text = values.map((value) => (typeof value === "string" ? value : Bun.inspect(value))).join(" ");
  send({ type: "log", execution, text });
}
