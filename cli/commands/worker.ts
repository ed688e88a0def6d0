import { resolve } from "node:path";
import { projectRoot } from "../../src/config.ts";
import { formatDuration } from "../../src/duration.ts";
import { type RunningWorker, startWorker } from "../../src/index.ts";
import { command, count, duration, rootFlag, size, storageFlag, storageName } from "../command.ts";
import { eventLog } from "../log.ts";
import { problemLines } from "../output.ts";
import { reapIfFirst } from "../reap.ts";

/** `bunx` and `bun run` pass on a signal that the terminal has sent to the whole group, so that it comes twice. */
const sameSignal = 500;

export default command({
  summary: "run jobs",
  usage: "",
  arguments: [0, 0],
  flags: {
    processes: {
      type: "string",
      value: "N",
      help: "how many processes run jobs (default: one for each core)",
    },
    concurrency: { type: "string", value: "N", help: "how many jobs a process runs at a time (default: 1)" },
    queue: {
      type: "string",
      value: "NAME",
      multiple: true,
      help: "a queue to serve; may be repeated (default: all)",
    },
    drain: { type: "boolean", help: "exit when nothing is due or running" },
    grace: {
      type: "string",
      value: "DURATION",
      help: "how long running jobs may go on when it is stopped (default: 10s)",
    },
    "max-memory": {
      type: "string",
      value: "SIZE",
      help: "end a process that uses more memory, such as 512mb (default: no limit)",
    },
    "recycle-jobs": { type: "string", value: "N", help: "replace a process after so many jobs" },
    "recycle-age": { type: "string", value: "DURATION", help: "replace a process after this time" },
    "recycle-memory": {
      type: "string",
      value: "SIZE",
      help: "replace a process that uses more memory, once its jobs have ended",
    },
    quiet: { type: "boolean", help: "print only what went wrong" },
    ...rootFlag,
    ...storageFlag,
  },
  examples: [
    "nuvom worker",
    "nuvom worker --queue mail --queue default --processes 4",
    "nuvom worker --drain",
  ],
  async run(_, flags) {
    const log = eventLog({ quiet: flags.quiet ?? false, storage: storageName(flags) });
    const grace = duration(flags.grace ?? "10s", "grace");
    const root = flags.root === undefined ? projectRoot() : resolve(flags.root);
    let unrecorded = 0;
    let worker: RunningWorker | undefined;
    let askedAt = Number.POSITIVE_INFINITY;
    const onSignal = (signal: string) => {
      const now = performance.now();
      if (now > askedAt + sameSignal) process.exit(1);
      if (askedAt < now) return;
      askedAt = now;
      console.error(
        `${signal}: stopping; running jobs have ${formatDuration(grace)} to end. Once more to exit now.`,
      );
      void worker?.stop({ grace });
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, onSignal);
    reapIfFirst();
    worker = await startWorker({
      ...(flags.storage !== undefined && { storage: flags.storage }),
      root,
      ...(flags.processes !== undefined && { processes: count(flags.processes, "processes") }),
      ...(flags.concurrency !== undefined && { concurrency: count(flags.concurrency, "concurrency") }),
      ...(flags.queue !== undefined && { queues: flags.queue }),
      ...(flags["max-memory"] !== undefined && { maxMemory: size(flags["max-memory"], "max-memory") }),
      recycle: {
        ...(flags["recycle-jobs"] !== undefined && { jobs: count(flags["recycle-jobs"], "recycle-jobs") }),
        ...(flags["recycle-age"] !== undefined && { age: duration(flags["recycle-age"], "recycle-age") }),
        ...(flags["recycle-memory"] !== undefined && {
          memory: size(flags["recycle-memory"], "recycle-memory"),
        }),
      },
      drain: flags.drain ?? false,
      onEvent(event) {
        log(event);
        if (event.type === "stopped") unrecorded = event.unrecorded;
      },
    });
    for (const line of problemLines(worker.discovery.problems)) console.error(line);
    if (worker.discovery.tasks.length === 0)
      console.error(`no tasks in ${root}; nuvom init adds a first one`);
    if (Number.isFinite(askedAt)) void worker.stop({ grace });
    await worker.stopped;
    return unrecorded > 0 ? 1 : 0;
  },
});
