import type { z } from "zod";
import { defaultClient } from "./client.ts";
import {
  definedTasks,
  type Isolation,
  isolations,
  type JobContext,
  type Task,
  type TaskDefinition,
} from "./definition.ts";
import { type Duration, milliseconds } from "./duration.ts";
import { InvalidOptionError } from "./errors.ts";
import { type Hooks, hookNames } from "./hooks.ts";
import { defaultQueue, type Priority, priorities } from "./job.ts";
import { type Keep, keepPolicy } from "./keep.ts";
import { recurrence } from "./recurrence.ts";
import { type RetryOptions, retryPolicy } from "./retry.ts";
import {
  type Cron,
  type Interval,
  type RecurringOptions,
  type RecurringWhen,
  recurringNames,
} from "./when.ts";

/**
 * With `every` or `cron`, workers run the task by that schedule, with no input, and keep it in step with the source.
 */
export interface TaskOptions<Schema extends z.ZodType, Output>
  extends RecurringOptions,
    Partial<Interval & Cron>,
    Hooks {
  /** What the input must look like; checked when a job is enqueued and again before it runs. */
  input?: Schema;
  /** The queue of its jobs; `default` unless given. */
  queue?: string;
  /** `normal` unless given. */
  priority?: Priority;
  /** Three attempts with exponential backoff from a second on, unless given. */
  retry?: RetryOptions;
  /** How long one attempt may take, or `"none"`; an hour unless given. */
  timeout?: Duration | "none";
  /** How long its finished jobs are kept, and how many; what the client says, or {@link defaultKeep}, unless given. */
  keep?: Keep;
  /** `"shared"` unless given. Discovery reads it without running the file, so it is written as a plain string. */
  isolation?: Isolation;
  run(input: z.output<Schema>, context: JobContext): Output;
}

const defaultTimeout = "1h";

/**
 * Defines a task. Nothing else is to be done: workers find it by its name, which is therefore a plain string.
 * @throws InvalidOptionError
 */
export function task<Input, Output>(
  name: string,
  run: (input: Input, context: JobContext) => Output,
): Task<Input, Awaited<Output>>;
export function task<Schema extends z.ZodType, Output>(
  name: string,
  options: TaskOptions<Schema, Output>,
): Task<z.input<Schema>, Awaited<Output>>;
export function task(
  name: string,
  given: TaskOptions<z.ZodType, unknown> | TaskDefinition["run"],
): Task<never, unknown> {
  const definition = define(name, typeof given === "function" ? { run: given } : given);
  const self: Task<never, unknown> = {
    name,
    definition,
    enqueue: (...[input, options]) => defaultClient().enqueue(self, input as never, options),
    enqueueMany: (inputs, options) => defaultClient().enqueueMany(self, inputs, options),
    schedule: (input: never, when: never) => defaultClient().schedule(self, input, when) as never,
  };
  definedTasks().set(name, self);
  return self;
}

function define(name: string, options: TaskOptions<z.ZodType, unknown>): TaskDefinition {
  const wrong = (problem: string) => new InvalidOptionError(`task ${JSON.stringify(name)}: ${problem}`);
  if (typeof name !== "string" || name === "" || !name.isWellFormed()) {
    throw wrong('the name must be a string that is not empty, such as task("email.welcome", …)');
  }
  if (typeof options?.run !== "function") {
    throw wrong(
      "it has no function: give task(name, async (input) => …) or task(name, { run(input) { … } })",
    );
  }
  const known = [
    "input",
    "queue",
    "priority",
    "retry",
    "timeout",
    "keep",
    "isolation",
    "run",
    ...hookNames,
    ...recurringNames,
  ];
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown) throw wrong(`there is no option "${unknown}", only ${known.join(", ")}`);
  const { priority = "normal", queue = defaultQueue, timeout = defaultTimeout, keep } = options;
  const { isolation = "shared" } = options;
  if (!priorities.includes(priority)) throw wrong(`priority is ${priorities.join(", ")}, not "${priority}"`);
  if (typeof queue !== "string" || queue === "" || !queue.isWellFormed())
    throw wrong("queue must be a string that is not empty");
  if (!isolations.includes(isolation))
    throw wrong(`isolation is ${isolations.join(", ")}, not "${isolation}"`);
  for (const hook of hookNames) {
    if (options[hook] !== undefined && typeof options[hook] !== "function")
      throw wrong(`${hook} must be a function`);
  }
  if (options.input !== undefined && typeof options.input?.safeParseAsync !== "function") {
    throw wrong("input must be a zod schema, such as z.object({ to: z.email() })");
  }
  return {
    name,
    input: options.input,
    queue,
    priority,
    retry: retryPolicy(options.retry),
    timeout: timeout === "none" ? null : milliseconds(timeout, `task ${JSON.stringify(name)}: timeout`),
    keep: keep === undefined ? undefined : keepPolicy(keep, `task ${JSON.stringify(name)}`),
    isolation,
    hooks: Object.fromEntries(hookNames.flatMap((hook) => (options[hook] ? [[hook, options[hook]]] : []))),
    recurring: recurring(name, options),
    run: (input, context) => options.run(input, context),
  };
}

/** The part of the options that makes it run again and again. */
function recurring(name: string, options: TaskOptions<z.ZodType, unknown>): TaskDefinition["recurring"] {
  const given = recurringNames.filter((option) => options[option] !== undefined);
  if (given.length === 0) return undefined;
  const when = Object.fromEntries(
    given.map((option) => [option, options[option]]),
  ) as unknown as RecurringWhen;
  recurrence(when, 0, `task ${JSON.stringify(name)}`);
  return when;
}
