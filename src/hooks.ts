import { unknownName } from "./config/nearest.ts";
import type { Thrown } from "./thrown.ts";

/** A job to which something has happened. Times are Unix milliseconds, durations milliseconds. */
export interface HookEvent {
  readonly id: string;
  readonly task: string;
  readonly queue: string;
  /** Counted from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly input: unknown;
}

export interface SuccessEvent extends HookEvent {
  readonly result: unknown;
  readonly duration: number;
}

export interface FailureEvent extends HookEvent {
  /** What went wrong, be it thrown by the task or not: a timeout, or the death of its process. */
  readonly error: Thrown;
}

export interface RetryEvent extends FailureEvent {
  /** When the next attempt is due. */
  readonly runAt: number;
}

/**
 * Functions that hear what becomes of jobs, on the worker's side: of one task in its definition, of all in
 * `nuvom.config.ts`. They run in a process of their own, one after another, once the storage has recorded what they tell:
 * whatever they do, no job waits for them, fails or is lost by it. What they tell is told at most once, and not at all
 * if the worker dies in between: what must happen belongs into a task.
 */
export interface Hooks {
  /** An attempt has begun; once more if its process dies, and it is repeated without being counted. */
  onStart?(event: HookEvent): unknown;
  onSuccess?(event: SuccessEvent): unknown;
  /** The job has failed for good. */
  onFailure?(event: FailureEvent): unknown;
  /** An attempt has failed, and another will follow. */
  onRetry?(event: RetryEvent): unknown;
}

export type HookName = keyof Hooks;

export const hookNames: readonly HookName[] = ["onStart", "onSuccess", "onFailure", "onRetry"];

/** @throws Error if there is one that Nuvom does not know. */
export function checkedHooks(hooks: Hooks): Hooks {
  if (typeof hooks !== "object" || hooks === null) throw new Error("must be an object of functions");
  for (const [name, hook] of Object.entries(hooks)) {
    if (!hookNames.includes(name as never)) throw new Error(unknownName("hook", name, hookNames));
    if (typeof hook !== "function" && hook !== undefined) throw new Error(`${name} must be a function`);
  }
  return hooks;
}
