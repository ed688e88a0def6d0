import { resolve } from "node:path";
import { projectRoot } from "../../src/config.ts";
import { definedTasks, type Task } from "../../src/definition.ts";
import { discover } from "../../src/discovery/discover.ts";
import type { EnqueueOptions } from "../../src/enqueue.ts";
import {
  InvalidInputError,
  InvalidOptionError,
  type Job,
  type Nuvom,
  NuvomError,
  type Priority,
} from "../../src/index.ts";
import { priorities } from "../../src/job.ts";
import { describeThrown } from "../../src/thrown.ts";
import { command, count, duration, jsonFlag, rootFlag, storageFlag, withClient } from "../command.ts";
import { fromHere, plain, printable, printJson, problemLines } from "../output.ts";

const flags = {
  in: { type: "string", value: "DURATION", help: "run it this long from now, such as 90s, 10m or 2h" },
  at: { type: "string", value: "TIME", help: "run it at this time, such as 2038-01-19T03:14:07Z" },
  queue: { type: "string", value: "NAME", help: "the queue (default: the task's)" },
  priority: { type: "string", value: "LEVEL", help: "high, normal or low (default: the task's)" },
  key: {
    type: "string",
    value: "KEY",
    help: "add no other job while one with this key is pending or running",
  },
  attempts: { type: "string", value: "N", help: "the total number of attempts (default: the task's)" },
  timeout: {
    type: "string",
    value: "DURATION",
    help: 'the limit of an attempt, or "none" (default: the task\'s)',
  },
  wait: { type: "boolean", help: "wait until the job has ended and print its result" },
  ...rootFlag,
  ...storageFlag,
  ...jsonFlag,
} as const;

export default command({
  summary: "add a job",
  usage: "<task> [json | -]",
  arguments: [1, 2],
  flags,
  examples: [
    `nuvom enqueue hello '{"name":"you"}' --wait`,
    "nuvom enqueue report.daily --in 10m --key report",
    "nuvom enqueue import.rows - < rows.json",
  ],
  async run([name, json], flags) {
    const root = flags.root === undefined ? projectRoot() : resolve(flags.root);
    const options: EnqueueOptions = {
      ...(flags.in !== undefined && { in: duration(flags.in, "in") }),
      ...(flags.at !== undefined && { at: time(flags.at) }),
      ...(flags.queue !== undefined && { queue: flags.queue }),
      ...(flags.priority !== undefined && { priority: level(flags.priority) }),
      ...(flags.key !== undefined && { key: flags.key }),
      ...(flags.attempts !== undefined && { attempts: count(flags.attempts, "attempts") }),
      ...(flags.timeout !== undefined && {
        timeout: flags.timeout === "none" ? "none" : duration(flags.timeout, "timeout"),
      }),
    };
    const input = await parsed(json);
    const task = await find(name!, root);
    return withClient(flags, async (nuvom) => {
      const job = await nuvom.enqueue(task, input as never, options);
      if (!flags.wait) {
        if (flags.json) printJson({ id: job.id, existing: job.existing });
        else console.log(job.existing ? `${job.id} (there already, under the same key)` : job.id);
        return 0;
      }
      await warnIfNobodyServes(nuvom, await job.get());
      const result = await job.result();
      if (flags.json) printJson(plain(result));
      else console.log(printable(typeof result === "string" ? result : Bun.inspect(result)));
      return 0;
    });
  },
});

/** Whoever waits without a worker would wait for ever and not know why. */
async function warnIfNobodyServes({ storage }: Nuvom, { id, queue }: Job): Promise<void> {
  const workers = (await storage.workers()).filter(({ leaseUntil }) => leaseUntil > Date.now());
  if (workers.some(({ queues }) => queues.length === 0 || queues.includes(queue))) return;
  const who = workers.length === 0 ? "no worker is running" : `no worker serves the queue "${queue}"`;
  console.error(`job ${id} waits: ${who}; start one with nuvom worker`);
}

/** Finds the task without executing anything, then imports the one file that defines it, for its schema and options. */
async function find(name: string, root: string): Promise<Task<never, unknown>> {
  const { tasks, problems } = await discover(root);
  const found = tasks.find((task) => task.name === name);
  if (!found) {
    const others =
      tasks.length > 0
        ? `there are ${tasks.map((task) => task.name).join(", ")}`
        : "there are none; nuvom init adds a first one";
    const nothing = `no source in ${root} defines the task "${name}": ${others}`;
    throw new InvalidInputError([nothing, ...problemLines(problems)].join("\n"));
  }
  try {
    await import(found.file);
  } catch (error) {
    throw new NuvomError(
      "IMPORT_FAILED",
      `${fromHere(found.file)} cannot be imported: ${describeThrown(error).message}`,
      { cause: error },
    );
  }
  const task = definedTasks().get(name);
  if (!task)
    throw new NuvomError(
      "IMPORT_FAILED",
      `${fromHere(found.file)}:${found.line} did not define "${name}" when it was imported`,
    );
  return task;
}

async function parsed(json: string | undefined): Promise<unknown> {
  if (json === undefined) return undefined;
  const fromStdin = json === "-";
  const text = fromStdin ? await Bun.stdin.text() : json;
  try {
    return JSON.parse(text);
  } catch (error) {
    const hint = fromStdin ? "" : `; quote it as in '{"name":"you"}'`;
    throw new InvalidInputError(`the input is not JSON: ${(error as Error).message}${hint}`);
  }
}

function level(text: string): Priority {
  const priority = priorities.find((name) => name === text);
  if (!priority) throw new InvalidOptionError(`--priority is ${priorities.join(", ")}, not "${text}"`);
  return priority;
}

function time(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    throw new InvalidOptionError(`--at: "${text}" is not a time; write it as 2038-01-19T03:14:07Z`);
  }
  return date;
}
