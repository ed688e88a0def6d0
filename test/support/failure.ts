import { expect } from "bun:test";
import { JobFailedError, type Task } from "../../src/index.ts";
import type { workbench } from "./worker.ts";

type Bench = Awaited<ReturnType<typeof workbench>>;

/** Runs a job that must fail, and returns how it ended. */
export async function failureOf({ nuvom }: Bench, task: Task<never, unknown>, input?: unknown) {
  const handle = await nuvom.enqueue(task, input as never);
  const error = await handle.result().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(JobFailedError);
  return { job: await handle.get(), errors: (error as JobFailedError).errors };
}
