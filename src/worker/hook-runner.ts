import { decode } from "../codec.ts";
import type { HookEvent, HookName } from "../hooks.ts";
import type { Job } from "../job.ts";
import type { WorkerEvent } from "./events.ts";
import type { Verdict } from "./outcome.ts";
import type { ProcessOptions } from "./process-options.ts";
import type { FromProcess, TaskFacts } from "./protocol.ts";
import type { Spawned } from "./spawn.ts";

export interface HookRunnerOptions
  extends Pick<ProcessOptions, "clock" | "spawn" | "root" | "files" | "config" | "environment"> {
  facts: ReadonlyMap<string, TaskFacts>;
  emit(event: WorkerEvent): void;
}

interface Call {
  hook: HookName;
  event: HookEvent;
}

/** How long one hook may take. */
const limit = 30_000;
/** How many may wait: they must not fill the memory of a worker that does more jobs than its hooks can follow. */
const mostWaiting = 10_000;

/** Which hook hears of a verdict, and what besides the job; `null` if none does. */
export function toldOf({ event, outcome }: Verdict): { hook: HookName; more: object } | null {
  if (event?.type === "succeeded" && outcome.kind === "succeeded") {
    return { hook: "onSuccess", more: { result: decode(outcome.result), duration: event.duration } };
  }
  if (event?.type === "failed") return { hook: "onFailure", more: { error: event.error } };
  if (event?.type === "retry") return { hook: "onRetry", more: { error: event.error, runAt: event.runAt } };
  return null;
}

export function hookEvent(job: Job, more: object): HookEvent {
  const { id, task, queue, attempt, maxAttempts, input } = job;
  return { id, task, queue, attempt, maxAttempts, input: decode(input), ...more };
}

/** Runs the hooks of tasks, one after another, in a process of their own that starts with the first. */
export class HookRunner {
  readonly #waiting: Call[] = [];
  #running: Call | null = null;
  #process: Spawned | null = null;
  #isReady = false;
  #callOff = () => {};
  #idle = Promise.withResolvers<void>();

  constructor(private readonly options: HookRunnerOptions) {
    this.#idle.resolve();
  }

  started(job: Job): void {
    this.#call("onStart", job, {});
  }

  /** Hears what the storage has recorded of a job. */
  settled(verdict: Verdict): void {
    const told = toldOf(verdict);
    if (told) this.#call(told.hook, verdict.job, told.more);
  }

  /** Resolves when all have run, or after `patience` milliseconds, and ends their process. */
  async close(patience: number): Promise<void> {
    const callOff = this.options.clock.after(patience, () => this.#idle.resolve());
    await this.#idle.promise;
    callOff();
    for (const call of this.#waiting.splice(0)) this.#failed(call, "the worker has stopped before it");
    this.#running = null;
    this.#process?.kill();
  }

  #call(hook: HookName, job: Job, more: object): void {
    if (!this.options.facts.get(job.task)?.hooks.includes(hook)) return;
    const call = { hook, event: hookEvent(job, more) };
    if (this.#waiting.length >= mostWaiting) return this.#failed(call, "too many others wait");
    if (!this.#running) this.#idle = Promise.withResolvers();
    this.#waiting.push(call);
    if (!this.#running) this.#next();
  }

  #next(): void {
    this.#running = this.#waiting.shift() ?? null;
    if (!this.#running) return this.#idle.resolve();
    this.#callOff = this.options.clock.after(limit, () => {
      this.#process?.kill();
      this.#process = null;
      this.#end(`it took longer than ${limit / 1_000} s`);
    });
    if (!this.#process) this.#start();
    else if (this.#isReady) this.#send();
  }

  #send(): void {
    if (this.#running) this.#process?.send({ type: "hook", ...this.#running });
  }

  #start(): void {
    const { spawn, root, environment } = this.options;
    this.#isReady = false;
    try {
      const started: Spawned = spawn({
        root,
        environment,
        maxMemory: null,
        received: (message) => this.#receive(message),
        exited: (how) => {
          if (this.#process !== started) return;
          this.#process = null;
          this.#end(`its process ended with ${how}`);
        },
      });
      this.#process = started;
    } catch (error) {
      this.#end(`no process can be started: ${error}`);
    }
  }

  #receive(message: FromProcess): void {
    if (message.type === "ready") {
      const { files, config } = this.options;
      this.#isReady = true;
      this.#process?.send({ type: "start", files, config, concurrency: 1, sizeLimit: 0 });
      this.#send();
    } else if (message.type === "hooked") this.#end(message.error);
    else if (message.type === "output" && this.#process) {
      for (const text of message.lines) this.options.emit({ type: "output", pid: this.#process.pid, text });
    }
  }

  #end(problem: string | null): void {
    this.#callOff();
    const call = this.#running;
    if (call === null) return;
    if (problem !== null) this.#failed(call, problem);
    this.#next();
  }

  #failed({ hook, event: { id, task } }: Call, reason: string): void {
    this.options.emit({ type: "hook-failed", id, task, hook, reason });
  }
}
