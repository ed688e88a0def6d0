import { jobStates } from "../../src/job.ts";
import { command, jsonFlag, storageFlag, storageName, withClient } from "../command.ts";
import { paint, printable, printJson, relative, workerAsJson } from "../output.ts";
import { type Column, table } from "../table.ts";

export default command({
  summary: "show the queues and the workers",
  usage: "",
  arguments: [0, 0],
  flags: { ...storageFlag, ...jsonFlag },
  examples: ["nuvom status"],
  async run(_, flags) {
    return withClient(flags, async ({ storage }) => {
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
          claimedAt === null ? "never" : relative(claimedAt, now),
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
