import { AsyncLocalStorage } from "node:async_hooks";
import { type Hooks, hookNames } from "../hooks.ts";
import { retryPolicy } from "../retry.ts";
import { describeThrown } from "../thrown.ts";
import { Output } from "./output.ts";
import { type Assignment, beginWithin, type FromProcess, type Report, type ToProcess } from "./protocol.ts";
import { afterError, runJob } from "./run-job.ts";
import { describeSchedule, runHook, TaskFiles } from "./task-files.ts";

// A task may replace any of these for its own purposes.
const { now } = Date;
const { random } = Math;
const clock = performance.now.bind(performance);

/** The way back to the worker. */
export interface Port {
  send(message: FromProcess): void;
  /** Calls back when the message has left the process. */
  sendThen(message: FromProcess, callback: () => void): void;
}

interface Waiting extends Assignment {
  sentAt: number;
}

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

  constructor(
    private readonly port: Port,
    hooks?: Hooks,
  ) {
    this.#output = new Output((execution, lines) => port.send({ type: "output", execution, lines }));
    this.#files = new TaskFiles(
      {
        loaded: ({ name, retry, isolation, hooks }) => {
          // A function cannot cross to the worker, which then falls back to the exponential default.
          const backoff = typeof retry.backoff === "function" ? "exponential" : retry.backoff;
          const defined = hookNames.filter((hook) => hooks[hook]);
          const facts = { task: name, retry: { ...retry, backoff }, isolation, hooks: defined };
          port.send({ type: "loaded", facts });
        },
        spoiled: () => port.send({ type: "spoiled" }),
      },
      hooks,
    );
  }

  /** Notes a line of the job that prints it, if one does. */
  print(text: string): void {
    this.#output.print(this.#current.getStore() ?? null, text);
  }

  receive(message: ToProcess): void {
    const { port } = this;
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
          port.send({ type: "hooked", error });
        });
      case "recall": {
        const executions = this.#waiting.splice(0).map((job) => job.execution);
        return port.send({ type: "returned", executions });
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
        this.port.send({ type: "returned", executions: [execution] });
        continue;
      }
      const controller = new AbortController();
      this.#running.set(execution, controller);
      void this.#current
        .run(execution, () => this.#run(job, controller.signal))
        .then((report) => {
          this.#output.end(execution);
          // The next job may never give way, and must not find this report still in the process.
          this.port.sendThen({ type: "report", report }, () => {
            this.#running.delete(execution);
            this.#runWaiting();
          });
        });
    }
  }

  #abort(execution: string, name: string, reason: string): void {
    const index = this.#waiting.findIndex((job) => job.execution === execution);
    if (index >= 0) {
      this.#waiting.splice(index, 1);
      this.port.send({ type: "report", report: { execution, kind: "dropped" } });
    }
    const controller = this.#running.get(execution);
    if (!controller) return;
    this.port.send({ type: "aborted", execution });
    controller.abort(new DOMException(reason, name));
  }

  async #run(job: Waiting, signal: AbortSignal): Promise<Report> {
    const { execution, task, sentAt } = job;
    const { port } = this;
    const means = { clock, random, sizeLimit: this.#sizeLimit };
    let definition = this.#files.get(task);
    const isImported = definition !== undefined;
    if (!isImported) {
      const began = clock();
      port.send({ type: "importing", execution });
      try {
        definition = await this.#files.load(task);
      } catch (error) {
        return afterError(job, error, retryPolicy(undefined), { ...means, began });
      }
    }
    if (signal.aborted) return { execution, kind: "dropped" };
    if (!isImported || now() - sentAt > lateAfter) port.send({ type: "began", execution });
    if (!definition) return { execution, kind: "unfit", reason: this.#files.missing(task) };
    return runJob(job, definition, signal, {
      ...means,
      print: (text) => this.#output.print(execution, text),
      progress: (progress) => port.send({ type: "progress", execution, progress }),
    });
  }

  async #describe(tasks: readonly string[]): Promise<void> {
    for (const name of tasks) {
      try {
        const task = await describeSchedule(await this.#files.load(name), now());
        this.port.send({ type: "described", name, task, reason: null });
      } catch (error) {
        this.port.send({ type: "described", name, task: null, reason: describeThrown(error).message });
      }
    }
  }
}
