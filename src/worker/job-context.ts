import type { JobContext } from "../definition.ts";
import { InvalidOptionError } from "../errors.ts";
import type { Progress } from "../job.ts";
import { putOff } from "../retry.ts";
import type { Assignment } from "./protocol.ts";

/** A job that tells its progress more often is passed on that often at most; the last one always. */
const progressEvery = 250;
const longestMessage = 500;

export interface Says {
  print(text: string): void;
  progress(progress: Progress): void;
}

/** What a task's function gets to know and to do its job with; `end` is to be called when it has ended. */
export function jobContext(
  job: Assignment,
  signal: AbortSignal,
  say: Says,
): { context: JobContext; end: () => void } {
  const { id, attempt, maxAttempts, runAt, scheduledFor, traceparent } = job;
  const progress = throttled(say.progress);
  const context: JobContext = {
    id,
    attempt,
    maxAttempts,
    runAt,
    scheduledFor,
    traceparent,
    signal,
    log: (...values) => say.print(values.map(shown).join(" ")),
    progress(done, total = null, message = null) {
      progress.send({
        done: checked(done, "done"),
        total: total === null ? null : checked(total, "total"),
        message: message === null ? null : String(message).slice(0, longestMessage),
      });
    },
    retryIn: (delay, reason) => putOff(delay, { counts: true, reason }),
    snooze: (delay, reason) => putOff(delay, { counts: false, reason }),
  };
  return { context, end: progress.end };
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : Bun.inspect(value);
}

function checked(value: number, name: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new InvalidOptionError(`progress: ${name} must be a number, not ${Bun.inspect(value, { depth: 0 })}`);
}

function throttled(send: (progress: Progress) => void) {
  let sentAt = Number.NEGATIVE_INFINITY;
  let timer: Timer | undefined;
  let last: Progress;
  const sendLast = () => {
    timer = undefined;
    sentAt = performance.now();
    send(last);
  };
  return {
    send(progress: Progress) {
      last = progress;
      if (timer) return;
      const wait = sentAt + progressEvery - performance.now();
      if (wait <= 0) sendLast();
      else timer = setTimeout(sendLast, wait);
    },
    end() {
      if (!timer) return;
      clearTimeout(timer);
      sendLast();
    },
  };
}
