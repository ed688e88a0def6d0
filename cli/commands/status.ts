import { command, jsonFlag, storageFlag, withClient } from "../command.ts";
import { paint, printJson, relative, table } from "../output.ts";

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
        printJson({ queues, workers });
        return 0;
      }
      const states = ["pending", "running", "succeeded", "failed", "cancelled"] as const;
      if (queues.length === 0) console.log("no jobs yet");
      else {
        const rows = queues.map((queue) => [
          queue.paused ? `${queue.name} (paused)` : queue.name,
          ...states.map((state) => String(queue[state])),
        ]);
        console.log(table(["QUEUE", ...states.map((state) => state.toUpperCase())], rows, 0));
      }
      console.log();
      if (workers.length === 0) {
        const waiting = queues.some(({ pending }) => pending > 0);
        console.log(paint(waiting ? "yellow" : "dim", "no worker is running; start one with nuvom worker"));
      } else {
        const rows = workers.map(({ id, host, pid, queues, startedAt }) => [
          id,
          `${host}/${pid}`,
          queues.length > 0 ? queues.join(",") : "all",
          relative(startedAt, now),
        ]);
        console.log(table(["WORKER", "HOST/PID", "QUEUES", "STARTED"], rows));
      }
      return 0;
    });
  },
});
