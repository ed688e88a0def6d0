import type { EnqueueOptions } from "../../src/enqueue.ts";
import { InvalidOptionError, type Job, type Nuvom, type Priority } from "../../src/index.ts";
import { priorities } from "../../src/job.ts";
import {
  command,
  count,
  duration,
  jsonFlag,
  rootFlag,
  rootOf,
  storageFlag,
  time,
  withClient,
} from "../command.ts";
import { plain, printable, printJson } from "../output.ts";
import { findTask, parsedInput, taskNames } from "../tasks.ts";
import { serves } from "../why/reasons.ts";

const flags = {
  in: { type: "string", value: "DURATION", help: "run it this long from now, such as 90s, 10m or 2h" },
  at: { type: "string", value: "TIME", help: "run it at this time, such as 2038-01-19T03:14:07Z" },
  queue: { type: "string", value: "NAME", help: "the queue (default: the task's)" },
  priority: {
    type: "string",
    value: "LEVEL",
    values: priorities,
    help: "high, normal or low (default: the task's)",
  },
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
  complete: (positionals) => (positionals.length === 0 ? taskNames() : []),
  async run([name, json], flags) {
    const root = rootOf(flags);
    const options: EnqueueOptions = {
      ...(flags.in !== undefined && { in: duration(flags.in, "in") }),
      ...(flags.at !== undefined && { at: time(flags.at, "at") }),
      ...(flags.queue !== undefined && { queue: flags.queue }),
      ...(flags.priority !== undefined && { priority: level(flags.priority) }),
      ...(flags.key !== undefined && { key: flags.key }),
      ...(flags.attempts !== undefined && { attempts: count(flags.attempts, "attempts") }),
      ...(flags.timeout !== undefined && {
        timeout: flags.timeout === "none" ? "none" : duration(flags.timeout, "timeout"),
      }),
    };
    const input = await parsedInput(json);
    const task = await findTask(name!, root);
    return withClient(
      flags,
      async (nuvom) => {
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
      },
      { mayCreate: true },
    );
  },
});

/** Whoever waits without a worker would wait for ever and not know why. */
async function warnIfNobodyServes({ storage }: Nuvom, { id, queue }: Job): Promise<void> {
  const workers = (await storage.workers()).filter(({ leaseUntil }) => leaseUntil > Date.now());
  if (workers.some((worker) => serves(worker, queue))) return;
  const who = workers.length === 0 ? "no worker is running" : `no worker serves the queue "${queue}"`;
  console.error(`job ${id} waits: ${who}; start one with nuvom worker`);
}

function level(text: string): Priority {
  const priority = priorities.find((name) => name === text);
  if (!priority) throw new InvalidOptionError(`--priority is ${priorities.join(", ")}, not "${text}"`);
  return priority;
}
