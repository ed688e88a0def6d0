import { Counter, Gauge, Registry } from "prom-client";
import { version } from "../../package.json";
import type { Nuvom } from "../client.ts";
import { finalStates } from "../job.ts";
import { deathReasons, failureCauses, type WorkerEvent } from "../worker/events.ts";
import type { RunningWorker } from "../worker/start.ts";
import { bounded } from "./bounded.ts";
import { gaugesOfStorage, gaugesOfWorker, type MakeGauge } from "./gauges.ts";
import { histogram } from "./histogram.ts";

export interface MetricsOptions {
  /** Where they are registered; a registry of their own unless given. */
  registry?: Registry;
}

export interface Metrics {
  readonly registry: Registry;
  /** To be given to `startWorker`, whose events become metrics. */
  onEvent(event: WorkerEvent): void;
  /** Adds what a running worker tells of itself when it is asked; for one worker. */
  watch(worker: Pick<RunningWorker, "status">): void;
}

/** From a millisecond to an hour: tasks differ. */
const durations = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 3600];
const calls = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
const batches = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

const perJob = ["task", "queue"] as const;

/** How many queues have series of their own. */
const mostQueues = 200;

/**
 * Prometheus metrics of a storage and of the workers in this program. Times are seconds.
 *
 * Label values are bounded: tasks are those that the sources define, as no other job runs, and of queues beyond the
 * first few hundred all are `other`.
 */
export function metrics({ storage }: Pick<Nuvom, "storage">, options: MetricsOptions = {}): Metrics {
  const { registry = new Registry() } = options;
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter({ name: `nuvom_${name}`, help, labelNames, registers });
  const gauge: MakeGauge = (name, help, labelNames = [], collect) =>
    new Gauge({
      name: `nuvom_${name}`,
      help,
      labelNames,
      registers,
      ...(collect && {
        collect() {
          return collect(this);
        },
      }),
    });
  const histogramOfJobs = (name: string, help: string) =>
    histogram(registry, { name: `nuvom_${name}`, help, buckets: durations, labelNames: perJob });
  const histogramOfAll = (name: string, help: string, buckets: readonly number[]) =>
    histogram(registry, { name: `nuvom_${name}`, help, buckets, labelNames: [] })({});

  gauge("build_info", "The version of Nuvom, as a label.", ["version"]).set({ version }, 1);

  const ofJobs = {
    finished: new Counter({
      name: "nuvom_jobs_finished_total",
      help: "Jobs that have ended for good in a worker: not those that were cancelled before they began.",
      labelNames: [...perJob, "outcome"],
      registers,
      collect() {
        for (const found of [...series.values()].flatMap((ofQueue) => [...ofQueue.values()])) {
          this.inc({ ...found.labels, outcome: "succeeded" }, found.succeeded);
          found.succeeded = 0;
        }
      },
    }),
    execution: histogramOfJobs("job_execution_seconds", "From the start to the end of an attempt."),
    wait: histogramOfJobs("job_wait_seconds", "From when a job was due to when its attempt began."),
    retries: counter("job_retries_total", "Attempts that failed and are followed by another.", perJob),
    failures: counter("job_attempts_failed_total", "Attempts that failed, by what they failed of.", [
      ...perJob,
      "cause",
    ]),
  };
  const ofProcesses = {
    starts: counter("process_starts_total", "Processes that were started."),
    deaths: counter("process_deaths_total", "Processes that died while they were needed.", ["reason"]),
  };
  const ofStorage = {
    claim: histogramOfAll("claim_seconds", "What it took to claim jobs.", calls),
    claimed: histogramOfAll("claim_jobs", "How many jobs were claimed at once.", batches),
    settle: histogramOfAll("settle_seconds", "What it took to record what became of jobs.", calls),
    settled: histogramOfAll("settle_jobs", "How many outcomes were recorded at once.", batches),
    refused: counter(
      "outcomes_refused_total",
      "Outcomes that the storage refused, as the job was no longer the worker's.",
    ),
    recovered: counter("jobs_recovered_total", "Jobs of dead workers that were taken over."),
    unfit: counter("jobs_parked_total", "Jobs that this worker could not run, which wait for another."),
    errors: counter("storage_errors_total", "Calls of the storage that failed."),
    reconnects: counter(
      "storage_reconnects_total",
      "Times that the storage worked again after it had failed.",
    ),
    leases: counter("leases_lost_total", "Leases that ended while jobs were running."),
  };
  const ofSchedules = {
    fired: counter("schedule_occurrences_fired_total", "Occurrences of schedules that have made a job."),
    missed: counter("schedule_occurrences_missed_total", "Occurrences that got no job, as no worker ran."),
    lag: histogramOfAll("schedule_lag_seconds", "From an occurrence to when its job was made.", durations),
  };

  const queueName = bounded(mostQueues);
  type Series = ReturnType<typeof seriesOf>;
  /** By queue and task: to look up the series of a job each time would cost more than to count. */
  const series = new Map<string, Map<string, Series>>();
  // Prometheus sees no increase in a series that begins above zero: so each is there before it is needed.
  for (const reason of deathReasons) ofProcesses.deaths.inc({ reason }, 0);
  const seriesOf = (task: string, queue: string) => {
    const labels = { task, queue };
    ofJobs.retries.inc(labels, 0);
    for (const outcome of finalStates) ofJobs.finished.inc({ ...labels, outcome }, 0);
    for (const cause of failureCauses) ofJobs.failures.inc({ ...labels, cause }, 0);
    return {
      labels,
      execution: ofJobs.execution(labels),
      wait: ofJobs.wait(labels),
      /** Since the last scrape. */
      succeeded: 0,
    };
  };
  const of = ({ task, queue }: { task: string; queue: string }) => {
    const found = series.get(queue)?.get(task);
    if (found) return found;
    const name = queueName(queue);
    const ofQueue = series.get(name) ?? new Map<string, Series>();
    const added = ofQueue.get(task) ?? seriesOf(task, name);
    series.set(name, ofQueue.set(task, added));
    return added;
  };

  function onEvent(event: WorkerEvent): void {
    switch (event.type) {
      case "succeeded":
      case "failed":
      case "retry": {
        const found = of(event);
        const { labels, execution, wait } = found;
        execution(event.duration / 1_000);
        wait(event.waited / 1_000);
        if (event.type === "succeeded") {
          found.succeeded++;
          return;
        }
        ofJobs.failures.inc({ ...labels, cause: event.cause });
        if (event.type === "retry") return ofJobs.retries.inc(labels);
        return ofJobs.finished.inc({ ...labels, outcome: "failed" });
      }
      case "cancelled":
        return ofJobs.finished.inc({ ...of(event).labels, outcome: "cancelled" });
      case "claimed":
        ofStorage.claim(event.duration / 1_000);
        return ofStorage.claimed(event.jobs);
      case "settled":
        ofStorage.settle(event.duration / 1_000);
        return ofStorage.settled(event.jobs);
      case "unfit":
        return ofStorage.unfit.inc();
      case "refused":
        return ofStorage.refused.inc();
      case "recovered":
        return ofStorage.recovered.inc(event.ids.length);
      case "fired":
        ofSchedules.fired.inc();
        return ofSchedules.lag(event.lag / 1_000);
      case "missed":
        return ofSchedules.missed.inc(event.occurrences);
      case "process-started":
        return ofProcesses.starts.inc();
      case "process-died":
        return ofProcesses.deaths.inc({ reason: event.reason });
      case "storage-error":
        return ofStorage.errors.inc();
      case "storage-back":
        return ofStorage.reconnects.inc();
      case "lease-lost":
        return ofStorage.leases.inc();
    }
  }
  gaugesOfStorage({ storage, registry, gauge, mostQueues });
  return { registry, onEvent, watch: (worker) => gaugesOfWorker(worker, gauge) };
}
