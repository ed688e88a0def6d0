import type { z } from "zod";
import { defaultClient, type EnqueueManyOptions, type EnqueueOptions, type JobHandle } from "./client.ts";
import { type Duration, milliseconds } from "./duration.ts";
import { InvalidOptionError } from "./errors.ts";
import { defaultQueue, type Priority, priorities } from "./job.ts";
import { type RetryOptions, type RetryPolicy, retryPolicy } from "./retry.ts";

/** What a task's function learns about the job it runs. */
export interface JobContext {
  /** The id of the job. */
  readonly id: string;
  /** Counted from 1. */
  readonly attempt: number;
  /** The time the job was to run at, in Unix milliseconds. */
  readonly runAt: number;
  /** Aborts when the job must end: its timeout is over, it was cancelled, or its worker stops. */
  readonly signal: AbortSignal;
  /** Writes a line to the worker's log, marked with the task and the job. */
  log(...values: unknown[]): void;
}

export interface TaskOptions<Schema extends z.ZodType, Output> {
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
  run(input: z.output<Schema>, context: JobContext): Output;
}

/** A task's options, checked and with defaults filled in. */
export interface TaskDefinition {
  readonly name: string;
  readonly input: z.ZodType | undefined;
  readonly queue: string;
  readonly priority: Priority;
  readonly retry: RetryPolicy;
  /** Milliseconds, `null` for no limit. */
  readonly timeout: number | null;
  readonly run: (input: never, context: JobContext) => unknown;
}

/** The input may be left out where the task takes none. */
type InputArguments<Input, Options> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options];

export interface Task<Input, Output> {
  readonly name: string;
  readonly definition: TaskDefinition;
  /**
   * Adds a job, to run now or as the options say. Resolves when the storage has it safe.
   * @throws InvalidInputError, EncodeError, InvalidOptionError, StorageError; then there is no job.
   */
  enqueue(...args: InputArguments<Input, EnqueueOptions>): Promise<JobHandle<Output>>;
  /**
   * Adds one job for each input, all of them or none.
   * @throws what `enqueue` throws.
   */
  enqueueMany(inputs: readonly Input[], options?: EnqueueManyOptions<Input>): Promise<JobHandle<Output>[]>;
}

const defaultTimeout = "1h";

/**
 * Defines a task. Nothing else is to be done: workers find it by its name, which is therefore a plain string.
 * @throws InvalidOptionError
 */
export function task<Schema extends z.ZodType, Output>(
  name: string,
  options: TaskOptions<Schema, Output>,
): Task<z.input<Schema>, Awaited<Output>>;
export function task<Input, Output>(
  name: string,
  run: (input: Input, context: JobContext) => Output,
): Task<Input, Awaited<Output>>;
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
  };
  definedTasks().set(name, self);
  return self;
}

function define(name: string, options: TaskOptions<z.ZodType, unknown>): TaskDefinition {
  const wrong = (problem: string) => new InvalidOptionError(`task ${JSON.stringify(name)}: ${problem}`);
  if (typeof name !== "string" || name === "") {
    throw wrong('the name must be a string that is not empty, such as task("email.welcome", …)');
  }
  if (typeof options?.run !== "function") {
    throw wrong(
      "it has no function: give task(name, async (input) => …) or task(name, { run(input) { … } })",
    );
  }
  const known = ["input", "queue", "priority", "retry", "timeout", "run"];
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown) throw wrong(`there is no option "${unknown}", only ${known.join(", ")}`);
  const { priority = "normal", queue = defaultQueue, timeout = defaultTimeout } = options;
  if (!priorities.includes(priority)) throw wrong(`priority is ${priorities.join(", ")}, not "${priority}"`);
  if (typeof queue !== "string" || queue === "") throw wrong("queue must be a string that is not empty");
  if (options.input !== undefined && typeof options.input?.safeParseAsync !== "function") {
    throw wrong("input must be a zod schema, such as z.object({ to: z.email() })");
  }
  return {
    name,
    input: options.input,
    queue,
    priority,
    retry: retryPolicy(options.retry),
    timeout: timeout === "none" ? null : milliseconds(timeout, "timeout"),
    run: (input, context) => options.run(input, context),
  };
}

/**
 * The tasks that this program has imported, by name. Kept on the global object because a program may hold two
 * copies of this module: the worker's process and the project each bring their own.
 */
export function definedTasks(): Map<string, Task<never, unknown>> {
  const key = Symbol.for("nuvom.tasks");
  const holder = globalThis as { [key]?: Map<string, Task<never, unknown>> };
  holder[key] ??= new Map();
  return holder[key];
}
