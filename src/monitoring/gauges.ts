import { Counter, type Gauge, type Registry } from "prom-client";
import { jobStates } from "../job.ts";
import type { Storage } from "../storage/storage.ts";
import type { RunningWorker } from "../worker/start.ts";
import { otherQueues } from "./bounded.ts";
import { cached } from "./cached.ts";

export type MakeGauge = <Label extends string>(
  name: string,
  help: string,
  labelNames?: readonly Label[],
  /** Called at each scrape. */
  collect?: (gauge: Gauge<Label>) => void | Promise<void>,
) => Gauge<Label>;

interface StorageGauges {
  storage: Storage;
  registry: Registry;
  gauge: MakeGauge;
  /** How many queues have series of their own: the first by name, so that all workers choose the same. */
  mostQueues: number;
}

/** What the storage is asked for at a scrape: once for all of them, and once a second at most. */
export function gaugesOfStorage({ storage, registry, gauge, mostQueues }: StorageGauges): void {
  const counts = cached(async () => {
    try {
      const queues = await storage.counts();
      return queues.map((queue, index) => ({
        ...queue,
        queue: index < mostQueues ? queue.name : otherQueues,
      }));
    } catch {
      return null;
    }
  }, 1_000);
  gauge("storage_up", "Whether the storage answers.", [], async (gauge) => {
    gauge.set((await counts()) === null ? 0 : 1);
  });
  // They are set back only when all is there to set them: other scrapes may come in between.
  gauge("queue_jobs", "Jobs in the storage.", ["queue", "state"], async (gauge) => {
    const queues = (await counts()) ?? [];
    gauge.reset();
    for (const { queue, ...numbers } of queues) {
      for (const state of jobStates) gauge.inc({ queue, state }, numbers[state]);
    }
  });
  new Counter({
    name: "nuvom_jobs_enqueued_total",
    help: "Jobs that were added to the storage, by whatever program.",
    labelNames: ["queue"],
    registers: [registry],
    async collect() {
      const queues = (await counts()) ?? [];
      this.reset();
      for (const { queue, added } of queues) this.inc({ queue }, added);
    },
  });
  gauge("queue_paused", "Whether a queue gives no jobs out.", ["queue"], async (gauge) => {
    const queues = (await counts()) ?? [];
    gauge.reset();
    const open = new Set(queues.flatMap(({ queue, paused }) => (paused ? [] : [queue])));
    for (const { queue } of queues) gauge.set({ queue }, open.has(queue) ? 0 : 1);
  });
  const age = "How long the job that is due for longest has been waiting; 0 if none is due.";
  gauge("queue_oldest_due_seconds", age, ["queue"], async (gauge) => {
    const queues = (await counts()) ?? [];
    const now = Date.now();
    const oldest = new Map<string, number>();
    for (const { queue, paused, nextRunAt } of queues) {
      if (paused && queue === otherQueues) continue;
      oldest.set(queue, Math.max(oldest.get(queue) ?? 0, now - (nextRunAt ?? now)));
    }
    gauge.reset();
    for (const [queue, milliseconds] of oldest) gauge.set({ queue }, milliseconds / 1_000);
  });
}

/** What a worker of this program tells of itself at a scrape. */
export function gaugesOfWorker(worker: Pick<RunningWorker, "status">, gauge: MakeGauge): void {
  const processes = () => worker.status().processes;
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  gauge("worker_running_jobs", "Jobs that this worker executes.", [], (gauge) => {
    gauge.set(sum(processes().map(({ running }) => running)));
  });
  gauge("worker_processes", "Processes of this worker.", [], (gauge) => gauge.set(processes().length));
  gauge("worker_processes_memory_bytes", "Resident memory of the processes together.", [], (gauge) => {
    gauge.set(sum(processes().map(({ memory }) => memory ?? 0)));
  });
  gauge("worker_memory_bytes", "Resident memory of the worker itself.", [], (gauge) => {
    gauge.set(process.memoryUsage.rss());
  });
  gauge(
    "worker_last_claim_timestamp_seconds",
    "When it last asked for jobs and got an answer.",
    [],
    (gauge) => {
      gauge.set((worker.status().claimedAt ?? 0) / 1_000);
    },
  );
}
