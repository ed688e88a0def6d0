import { AsyncLocalStorage } from "node:async_hooks";
import { type Hooks, hookNames } from "../hooks.ts";
import { retryPolicy } from "../retry.ts";
import { describeThrown } from "../thrown.ts";
import type { Journal } from "./journal.ts";
import { Output } from "./output.ts";
import { type Assignment, beginWithin, type FromProcess, type Report, type ToProcess } from "./protocol.ts";
import { afterError, runJob } from "./run-job.ts";
import { describeSchedule, type LoadedTask, runHook, TaskFiles } from "./task-files.ts";

// A task may replace any of these for its own purposes.
const { now } = Date;
const { random } = Math;
const clock = performance.now.bind(performance);
const immediately = setImmediate;

/** The way back to the worker. */
export interface Port {
  /** Calls back when the message has left the process. */
  sendThen(message: FromProcess, callback: () => void): void;
  /** For the reports of short jobs, if there is one. */
  journal: Journal | null;
}

interface Waiting extends Assignment {
  sentAt: number;
}

/** For so many milliseconds reports are noted before they are sent together. */
const notedFor = 2;

/** A job that begins so many milliseconds after it was sent begins later than its worker takes it to. */
const lateAfter = 50;

/** Runs what a worker sends: imports a task's file at its first job, runs the job, reports how it ended. */
export class Executor {
  readonly #waiting: Waiting[] = [];
  readonly #running = new Map<string, AbortController>();
  readonly #current = new AsyncLocalStorage<string>();
  readonly #output: Output;
  readonly #files: TaskFiles;
  #concurrency = 1;
  #sizeLimit = 0;
  /** When the first report was noted of those that were not sent yet, `null` if none was. */
  #notedAt: number | null = null;
  /** How many messages have not left the process yet. */
  #leaving = 0;

  constructor(
    private readonly port: Port,
    hooks?: Hooks,
  ) {
    this.#output = new Output((execution, lines) => this.#send({ type: "output", execution, lines }));
    this.#files = new TaskFiles(
      {
        loaded: ({ name, retry, isolation, hooks }) => {
          // A function cannot cross to the worker, which then falls back to the exponential default.
          const backoff = typeof retry.backoff === "function" ? "exponential" : retry.backoff;
          const defined = hookNames.filter((hook) => hooks[hook]);
          const facts = { task: name, retry: { ...retry, backoff }, isolation, hooks: defined };
          this.#send({ type: "loaded", facts });
        },
        spoiled: () => this.#send({ type: "spoiled" }),
      },
      hooks,
    );
  }

  /** Notes a line of the job that prints it, if one does. */
  print(text: string): void {
    this.#output.print(this.#current.getStore() ?? null, text);
  }

  receive(message: ToProcess): void {
    switch (message.type) {
      case "start":
        this.#concurrency = message.concurrency;
        this.#sizeLimit = message.sizeLimit;
        return this.#files.know(message.files, message.config);
      case "run":
        for (const job of message.jobs) this.#waiting.push({ ...job, sentAt: message.sentAt });
        return this.#runWaiting();
      case "describe":
        return void this.#describe(message.tasks);
      case "hook":
        return void runHook(this.#files, message.hook, message.event).then((error) => {
          this.#send({ type: "hooked", error });
        });
      case "recall": {
        const executions = this.#waiting.splice(0).map((job) => job.execution);
        return this.#send({ type: "returned", executions });
      }
      case "abort":
        return this.#abort(message.execution, message.name, message.reason);
    }
  }

  #runWaiting(): void {
    while (this.#running.size < this.#concurrency) {
      const job = this.#waiting.shift();
      if (!job) return;
      const { execution } = job;
      if (now() > job.sentAt + beginWithin) {
        this.#send({ type: "returned", executions: [execution] });
        continue;
      }
      const controller = new AbortController();
      this.#running.set(execution, controller);
      void this.#current
        .run(execution, () => this.#run(job, controller.signal))
        .then((report) => this.#report(report));
    }
  }

  /** The next job may never give way, and must not find this report where it would be lost with the process. */
  #report(report: Report): void {
    const { execution } = report;
    this.#output.end(execution);
    const next = () => {
      this.#running.delete(execution);
      this.#runWaiting();
    };
    if (this.#note(report)) next();
    else this.#send({ type: "report", report }, next);
  }

  /** Notes a report if others are to be expected at once, and its job has no words left here. Returns whether it did. */
  #note(report: Report): boolean {
    const { journal } = this.port;
    if (!journal || this.#leaving > 0 || this.#waiting.length === 0) return false;
    if (this.#notedAt !== null && clock() - this.#notedAt > notedFor) return false;
    if (!journal.note(report)) return false;
    if (this.#notedAt === null) {
      this.#notedAt = clock();
      immediately(() => this.#sendNoted());
    }
    return true;
  }

  #sendNoted(): void {
    const { journal } = this.port;
    if (!journal || this.#notedAt === null) return;
    this.#notedAt = null;
    this.#leave({ type: "reports", content: journal.content() }, () => journal.clear());
  }

  /** After the reports of what ended before. */
  #send(message: FromProcess, then?: () => void): void {
    this.#sendNoted();
    this.#leave(message, then);
  }

  #leave(message: FromProcess, then?: () => void): void {
    this.#leaving++;
    this.port.sendThen(message, () => {
      this.#leaving--;
      then?.();
    });
  }

  #abort(execution: string, name: string, reason: string): void {
    const index = this.#waiting.findIndex((job) => job.execution === execution);
    if (index >= 0) {
      this.#waiting.splice(index, 1);
      this.#send({ type: "report", report: { execution, kind: "dropped" } });
    }
    const controller = this.#running.get(execution);
    if (!controller) return;
    this.#send({ type: "aborted", execution });
    controller.abort(new DOMException(reason, name));
  }

  async #run(job: Waiting, signal: AbortSignal): Promise<Report> {
    const { execution, task } = job;
    const means = { clock, random, sizeLimit: this.#sizeLimit };
    let definition = this.#files.get(task);
    const isImported = definition !== undefined;
    if (!isImported) {
      const began = clock();
      this.#send({ type: "importing", execution });
      try {
        definition = await this.#files.load(task);
      } catch (error) {
        return afterError(job, error, retryPolicy(undefined), { ...means, began });
      }
    }
    if (signal.aborted) return { execution, kind: "dropped" };
    if (!definition) return { execution, kind: "unfit", reason: this.#files.missing(task) };
    return runJob(job, definition, signal, {
      ...means,
      begin: () => this.#begin(job, definition, { isImported, signal }),
      print: (text) => this.#output.print(execution, text),
      progress: (progress) => this.#send({ type: "progress", execution, progress }),
    });
  }

  /** Returns whether it may begin: not if it is told to end at this moment. */
  #begin(
    { execution, sentAt }: Waiting,
    { hooks }: LoadedTask,
    { isImported, signal }: { isImported: boolean; signal: AbortSignal },
  ): boolean | Promise<boolean> {
    const began = { type: "began", execution } as const;
    if (hooks.onStart) {
      const wasAborted = signal.aborted;
      // What the job does to its process must not keep it back.
      return new Promise((resolve) => this.#send(began, () => resolve(wasAborted || !signal.aborted)));
    }
    if (!isImported || now() - sentAt > lateAfter) this.#send(began);
    return true;
  }

  async #describe(tasks: readonly string[]): Promise<void> {
    for (const name of tasks) {
      try {
        const task = await describeSchedule(await this.#files.load(name), now());
        this.#send({ type: "described", name, task, reason: null });
      } catch (error) {
        this.#send({ type: "described", name, task: null, reason: describeThrown(error).message });
      }
    }
  }
}
