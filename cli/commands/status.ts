import { jobStates } from "../../src/job.ts";
import { command, duration, jsonFlag, storageFlag, storageName, UsageError, withClient } from "../command.ts";
import { paint, printable, printJson, relative, workerAsJson } from "../output.ts";
import { type Column, table } from "../table.ts";
import { watch } from "../watch/watch.ts";

/** In milliseconds; there is nothing to be seen between two looks that are closer. */
const shortestInterval = 100;

export default command({
  summary: "show the queues and the workers",
  usage: "",
  arguments: [0, 0],
  flags: {
    watch: {
      type: "boolean",
      short: "w",
      help: "go on showing them, with what runs, has failed and is due next",
    },
    interval: { type: "string", value: "DURATION", help: "watch: how often to look (default: 1s)" },
    ...storageFlag,
    ...jsonFlag,
  },
  examples: ["nuvom status", "nuvom status --watch", "nuvom status --watch --interval 5s"],
  async run(_, flags) {
    if (flags.interval !== undefined && !flags.watch) throw new UsageError("--interval is for --watch");
    if (flags.watch && (flags.json || !process.stdout.isTTY)) {
      throw new UsageError(
        "--watch draws on a terminal; for a program or a file there is nuvom status --json, which looks once",
      );
    }
    const interval = Math.max(shortestInterval, duration(flags.interval ?? "1s", "interval"));
    return withClient(flags, async ({ storage }) => {
      if (flags.watch) {
        await watch(storage, storageName(flags), interval);
        return 0;
      }
      const [queues, registered] = await Promise.all([storage.counts(), storage.workers()]);
      const now = Date.now();
      const workers = registered.filter(({ leaseUntil }) => leaseUntil > now);
      if (flags.json) {
        printJson({ queues, workers: workers.map(workerAsJson) });
        return 0;
      }
      console.log(paint("dim", `storage ${printable(storageName(flags))}`));
      console.log();
      if (queues.length === 0) console.log("no jobs yet");
      else {
        const rows = queues.map((queue) => [
          queue.paused ? `${queue.name} (paused)` : queue.name,
          ...jobStates.map((state) => String(queue[state])),
        ]);
        const numbers = jobStates.map((state) => ({ header: state.toUpperCase() }));
        console.log(table([{ header: "QUEUE", cut: "end" }, ...numbers], rows));
      }
      console.log();
      if (workers.length === 0) {
        const waiting = queues.some(({ pending }) => pending > 0);
        console.log(paint(waiting ? "yellow" : "dim", "no worker is running; start one with nuvom worker"));
      } else {
        const rows = workers.map(({ id, host, pid, queues, startedAt, claimedAt }) => [
          id,
          `${host}/${pid}`,
          queues.length > 0 ? queues.join(",") : "all",
          relative(startedAt, now),
          claimedAt === null ? "not yet" : relative(claimedAt, now),
        ]);
        console.log(table(workerColumns, rows));
      }
      return 0;
    });
  },
});

const workerColumns: Column[] = [
  { header: "WORKER" },
  { header: "HOST/PID", cut: "start" },
  { header: "QUEUES", cut: "end" },
  { header: "STARTED" },
  { header: "LAST CLAIM" },
];
