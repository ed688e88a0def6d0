import { decode, encode } from "./codec.ts";
import type { TaskDefinition } from "./definition.ts";
import { newJobs } from "./enqueue.ts";
import { InvalidOptionError } from "./errors.ts";
import type { NewJob } from "./job.ts";
import type { KeepPolicy } from "./keep.ts";
import { type Recurrence, recurrence } from "./recurrence.ts";
import type { JobTemplate } from "./schedule.ts";
import { type Recurring, recurringNames, type ScheduleOptions } from "./when.ts";

/** What is to be a schedule, from a call or from a task's definition. */
export interface WantedSchedule {
  id: string;
  recurrence: Recurrence;
  template: JobTemplate;
  project: string | null;
}

/**
 * The schedule that a call asks for.
 * @throws InvalidInputError, EncodeError, InvalidOptionError
 */
export async function wantedSchedule(
  definition: TaskDefinition,
  input: unknown,
  when: Recurring & ScheduleOptions,
  context: { now: number; sizeLimit: number; keep: KeepPolicy },
): Promise<WantedSchedule> {
  const { id, queue, priority, attempts, timeout, ...recurring } = when;
  const owner = `task ${JSON.stringify(definition.name)}`;
  if (id !== undefined && (typeof id !== "string" || id === "" || !id.isWellFormed())) {
    throw new InvalidOptionError(`${owner}: id must be a text that is not empty, such as id: "report:rome"`);
  }
  const known = ["id", "queue", "priority", "attempts", "timeout", ...recurringNames];
  const unknown = Object.keys(when).find((option) => !known.includes(option));
  if (unknown)
    throw new InvalidOptionError(`${owner}: there is no option "${unknown}", only ${known.join(", ")}`);
  const options = Object.fromEntries(
    Object.entries({ queue, priority, attempts, timeout }).filter(([, value]) => value !== undefined),
  );
  const [job] = await newJobs(definition, [input], options, context);
  const template = templateOf(job!);
  return {
    id: id ?? `${definition.name}:${fingerprint(template.input)}`,
    recurrence: recurrence(recurring, context.now, owner),
    template,
    project: null,
  };
}

/** The same for inputs that differ in nothing but the order of their properties. */
function fingerprint(input: Uint8Array): string {
  const bytes = encode(sorted(decode(input)), { root: "input", limit: Number.POSITIVE_INFINITY });
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 12);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([key, entry]) => [key, sorted(entry)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function templateOf(job: NewJob): JobTemplate {
  const { task, queue, priority, input, maxAttempts, timeout, keepFor, keepFailedFor, keepCount } = job;
  return { task, queue, priority, input, maxAttempts, timeout, keepFor, keepFailedFor, keepCount };
}
