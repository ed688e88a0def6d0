import { decode, encode } from "../codec.ts";
import type { TaskDefinition } from "../definition.ts";
import { validInput } from "../enqueue.ts";
import { hasCode } from "../errors.ts";
import { isPutOff, type RetryPolicy, retryDelay } from "../retry.ts";
import { describeThrown } from "../thrown.ts";
import { jobContext, type Says } from "./job-context.ts";
import type { Assignment, Report } from "./protocol.ts";

interface Means {
  /** Milliseconds, from any time on. */
  clock: () => number;
  random: () => number;
}

/**
 * Runs a job in this program. Does not throw: it reports how the job ended.
 * @param means `begin` is called once it is known that the job can run, and says whether it still may.
 */
export async function runJob(
  job: Assignment,
  definition: TaskDefinition,
  signal: AbortSignal,
  means: Means & Says & { sizeLimit: number; begin(): boolean | Promise<boolean> },
): Promise<Report> {
  const { execution } = job;
  const { clock, sizeLimit } = means;
  const began = clock();
  const input = await fitting(definition, job.input);
  if ("reason" in input) return { execution, kind: "unfit", reason: input.reason };
  if (!(await means.begin())) return { execution, kind: "dropped" };
  const { context, end } = jobContext(job, signal, means);
  try {
    const output = await definition.run(input.value as never, context);
    const result = encode(output, { root: "result", limit: sizeLimit });
    return { execution, kind: "succeeded", result, duration: clock() - began };
  } catch (error) {
    return afterError(job, error, definition.retry, { ...means, began });
  } finally {
    end();
  }
}

/** What becomes of a job whose task, or the import of its file, has thrown. */
export function afterError(
  { execution, attempt }: Assignment,
  error: unknown,
  policy: RetryPolicy,
  { clock, random, began }: Means & { began: number },
): Report {
  const duration = clock() - began;
  if (isPutOff(error)) {
    const { delay, counts, message } = error;
    if (!counts) return { execution, kind: "snoozed", delay, reason: message };
    return { execution, kind: "failed", error: describeThrown(error), retryIn: delay, duration };
  }
  // A result that cannot be stored would be no better the next time.
  const final = hasCode(error, "NON_RETRYABLE") || hasCode(error, "NOT_ENCODABLE");
  const retryIn = final ? null : retryDelay(policy, attempt, error, random);
  return { execution, kind: "failed", error: describeThrown(error), retryIn, duration };
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
