import type { z } from "zod";
import { encode } from "./codec.ts";
import type { TaskDefinition } from "./definition.ts";
import { type Duration, milliseconds } from "./duration.ts";
import { InvalidInputError, InvalidOptionError } from "./errors.ts";
import { type NewJob, type Priority, priorities } from "./job.ts";
import type { KeepPolicy } from "./keep.ts";
import { currentTraceparent, traceparentForm } from "./trace.ts";
import { lazily } from "./zod.ts";

export interface EnqueueOptions {
  /** Run it this long from now. */
  in?: Duration;
  /** Run it at this time; not together with `in`. A time that has passed means now. */
  at?: Date;
  queue?: string;
  priority?: Priority;
  /** While a job of the same queue with this key is pending or running, no other is added: the call returns that one. */
  key?: string;
  /** The total number of attempts. */
  attempts?: number;
  timeout?: Duration | "none";
  /**
   * The trace that the job belongs to, as W3C Trace Context writes it, for the task to go on with. By default the current
   * one where the program uses OpenTelemetry.
   */
  traceparent?: string;
}

/** The same options for each job, or a function that gives each its own, such as its key. */
export type EnqueueManyOptions<Input> =
  | Omit<EnqueueOptions, "key">
  | ((input: Input, index: number) => EnqueueOptions);

const optionsShape = lazily((z) => {
  // A text that would be stored as another is none to find a job by.
  const wellFormed = z
    .string()
    .min(1)
    .refine((text) => text.isWellFormed(), "must not hold half of a character (a lone surrogate)");
  return z.strictObject({
    in: z.unknown().optional(),
    at: z.date({ error: 'must be a valid Date, such as new Date("2038-01-19T03:14:07Z")' }).optional(),
    queue: wellFormed.optional(),
    priority: z.enum(priorities as [Priority, ...Priority[]]).optional(),
    key: wellFormed.optional(),
    attempts: z.int().min(1).optional(),
    timeout: z.unknown().optional(),
    traceparent: z
      .string()
      .regex(traceparentForm, "must have the form 00-<32 hex digits>-<16 hex digits>-<2 hex digits>")
      .optional(),
  });
});

export interface EnqueueContext {
  now: number;
  sizeLimit: number;
  keep: KeepPolicy;
}

/**
 * Makes the jobs that the storage is given, one for each input.
 * @throws InvalidInputError, EncodeError, InvalidOptionError
 */
export async function newJobs<Input>(
  definition: TaskDefinition,
  inputs: readonly Input[],
  options: EnqueueManyOptions<Input>,
  context: EnqueueContext,
): Promise<NewJob[]> {
  // Taken before anything is awaited, so that jobs keep the order of the calls.
  const ids = inputs.map(() => Bun.randomUUIDv7("hex", context.now));
  const shared = typeof options === "function" ? null : termsOf(definition, options, context);
  const terms =
    typeof options === "function"
      ? inputs.map((input, index) => termsOf(definition, options(input, index), context))
      : [];
  if (definition.input) await Promise.all(inputs.map((input) => validInput(definition, input)));
  const limits = { root: "input", limit: context.sizeLimit };
  return inputs.map((input, index) => {
    const own = { id: ids[index]!, input: encode(input, limits) };
    return shared ? { ...shared, ...own } : Object.assign(terms[index]!, own);
  });
}

/** All of a job but what tells it from others of the same call. */
function termsOf(
  definition: TaskDefinition,
  options: EnqueueOptions,
  { now, keep }: EnqueueContext,
): Omit<NewJob, "id" | "input"> {
  checkOptions(definition.name, options);
  const runAt =
    options.at?.getTime() ?? now + (options.in === undefined ? 0 : milliseconds(options.in, "in"));
  const timeout = options.timeout === undefined ? definition.timeout : options.timeout;
  const { keepFor, keepFailedFor, keepCount } = definition.keep ?? keep;
  return {
    task: definition.name,
    queue: options.queue ?? definition.queue,
    priority: options.priority ?? definition.priority,
    runAt,
    maxAttempts: options.attempts ?? definition.retry.attempts,
    timeout: timeout === null || timeout === "none" ? null : milliseconds(timeout, "timeout"),
    key: options.key ?? null,
    createdAt: now,
    schedule: null,
    scheduledFor: null,
    keepFor,
    keepFailedFor,
    keepCount,
    traceparent: options.traceparent ?? currentTraceparent(),
  };
}

function checkOptions(task: string, options: EnqueueOptions): void {
  // As most calls do: without them, a program need not load zod.
  if (Bun.deepEquals(options, {})) return;
  const { error } = optionsShape().safeParse(options);
  if (error) throw new InvalidOptionError(`task ${JSON.stringify(task)}: ${problems(error, "options")}`);
  if (options.in !== undefined && options.at !== undefined) {
    throw new InvalidOptionError(`task ${JSON.stringify(task)}: give either in or at, not both`);
  }
}

/**
 * What the task's schema makes of an input.
 * @throws InvalidInputError naming each field that does not fit.
 */
export async function validInput(definition: TaskDefinition, input: unknown): Promise<unknown> {
  if (!definition.input) return input;
  const { success, data, error } = await definition.input.safeParseAsync(input);
  if (success) return data;
  throw new InvalidInputError(`task ${JSON.stringify(definition.name)}: ${problems(error, "input")}`, {
    cause: error,
  });
}

function problems(error: z.ZodError, root: string): string {
  return error.issues.map((issue) => `${[root, ...issue.path].join(".")}: ${issue.message}`).join("; ");
}
