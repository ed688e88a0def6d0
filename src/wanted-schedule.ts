import type { TaskDefinition } from "./definition.ts";
import { newJob } from "./enqueue.ts";
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
  const template = templateOf(await newJob(definition, input, options, context));
  const hash = new Bun.CryptoHasher("sha256").update(template.input).digest("hex").slice(0, 12);
  return {
    id: id ?? `${definition.name}:${hash}`,
    recurrence: recurrence(recurring, context.now, owner),
    template,
    project: null,
  };
}

export function templateOf(job: NewJob): JobTemplate {
  const { task, queue, priority, input, maxAttempts, timeout, keepFor, keepFailedFor, keepCount } = job;
  return { task, queue, priority, input, maxAttempts, timeout, keepFor, keepFailedFor, keepCount };
}
