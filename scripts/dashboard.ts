/** Writes docs/monitoring/dashboard.json, for Grafana: `bun scripts/dashboard.ts`. A test compares the two. */
import { join } from "node:path";

type Query = [expression: string, legend: string];
type Panel = [title: string, unit: string, ...Query[]];

const ofJob = 'job="$job"';
const ofQueue = `${ofJob}, queue=~"$queue"`;
const rate = (metric: string, labels: string) => `rate(nuvom_${metric}{${labels}}[$__rate_interval])`;
const increase = (metric: string, by = "job", labels = ofJob) =>
  `sum by (${by}) (increase(nuvom_${metric}{${labels}}[$__rate_interval]))`;
const quantile = (share: number, metric: string, by = "job", labels = ofJob) =>
  `histogram_quantile(${share}, sum by (le, ${by}) (${rate(`${metric}_bucket`, labels)}))`;
const mean = (metric: string, by = "job", labels = ofJob) =>
  `sum by (${by}) (${rate(`${metric}_sum`, labels)}) / sum by (${by}) (${rate(`${metric}_count`, labels)})`;
/** Each worker tells what is in the storage: the same, but for a moment. */
const stored = (metric: string, labels = "", by = "queue") =>
  `max by (${by}) (nuvom_${metric}{${ofQueue}${labels}})`;

const rows: [title: string, panels: Panel[]][] = [
  [
    "How long do tasks take?",
    [
      ["Execution, mean", "s", [mean("job_execution_seconds", "task", ofQueue), "{{task}}"]],
      ["Execution, 95 %", "s", [quantile(0.95, "job_execution_seconds", "task", ofQueue), "{{task}}"]],
      [
        "Wait from due to begin",
        "s",
        [quantile(0.5, "job_wait_seconds", "queue", ofQueue), "{{queue}} 50 %"],
        [quantile(0.95, "job_wait_seconds", "queue", ofQueue), "{{queue}} 95 %"],
      ],
    ],
  ],
  [
    "How deep are the queues?",
    [
      [
        "Pending jobs, those for later included",
        "short",
        [stored("queue_jobs", ', state="pending"'), "{{queue}}"],
      ],
      ["Age of the oldest due job", "s", [stored("queue_oldest_due_seconds"), "{{queue}}"]],
      [
        "Jobs per second",
        "ops",
        [`max by (queue) (${rate("jobs_enqueued_total", ofQueue)})`, "{{queue}} enqueued"],
        [`sum by (queue) (${rate("jobs_finished_total", ofQueue)})`, "{{queue}} finished"],
      ],
      ["Running jobs", "short", [stored("queue_jobs", ', state="running"'), "{{queue}}"]],
      [
        "Finished jobs that are kept",
        "short",
        [
          stored("queue_jobs", ', state=~"succeeded|failed|cancelled"', "queue, state"),
          "{{queue}} {{state}}",
        ],
      ],
      ["Paused queues", "bool_yes_no", [stored("queue_paused"), "{{queue}}"]],
    ],
  ],
  [
    "How much fails?",
    [
      [
        "Share of attempts that fail",
        "percentunit",
        [
          `sum by (task) (${rate("job_attempts_failed_total", ofQueue)}) / sum by (task) (${rate("job_execution_seconds_count", ofQueue)})`,
          "{{task}}",
        ],
      ],
      [
        "Failed attempts",
        "short",
        [increase("job_attempts_failed_total", "task, cause", ofQueue), "{{task}} {{cause}}"],
      ],
      ["Retries", "short", [increase("job_retries_total", "task", ofQueue), "{{task}}"]],
      [
        "Jobs that failed for good or were cancelled",
        "short",
        [
          increase("jobs_finished_total", "task, outcome", `${ofQueue}, outcome!="succeeded"`),
          "{{task}} {{outcome}}",
        ],
      ],
      ["Processes that died", "short", [increase("process_deaths_total", "reason"), "{{reason}}"]],
      [
        "Jobs taken over, put back or lost",
        "short",
        [increase("jobs_recovered_total"), "of a dead worker"],
        [increase("jobs_parked_total"), "no fitting task"],
        [increase("outcomes_refused_total"), "outcome refused"],
        [increase("leases_lost_total"), "leases lost"],
      ],
    ],
  ],
  [
    "How are the workers?",
    [
      ["Workers by version", "short", [`count by (version) (nuvom_build_info{${ofJob}})`, "{{version}}"]],
      [
        "Processes and running jobs",
        "short",
        [`nuvom_worker_processes{${ofJob}}`, "{{instance}} processes"],
        [`nuvom_worker_running_jobs{${ofJob}}`, "{{instance}} jobs"],
        [increase("process_starts_total", "instance"), "{{instance}} started"],
      ],
      [
        "Memory",
        "bytes",
        [`nuvom_worker_memory_bytes{${ofJob}}`, "{{instance}} worker"],
        [`nuvom_worker_processes_memory_bytes{${ofJob}}`, "{{instance}} processes"],
      ],
      [
        "Time since it asked for jobs",
        "s",
        [`time() - nuvom_worker_last_claim_timestamp_seconds{${ofJob}}`, "{{instance}}"],
      ],
      [
        "Time of a claim and of recording outcomes, 95 %",
        "s",
        [quantile(0.95, "claim_seconds"), "claim"],
        [quantile(0.95, "settle_seconds"), "settle"],
      ],
      ["Jobs at once, mean", "short", [mean("claim_jobs"), "claimed"], [mean("settle_jobs"), "settled"]],
    ],
  ],
  [
    "How are schedules and the storage?",
    [
      [
        "From an occurrence to its job",
        "s",
        [quantile(0.5, "schedule_lag_seconds"), "50 %"],
        [quantile(0.95, "schedule_lag_seconds"), "95 %"],
      ],
      [
        "Occurrences",
        "short",
        [increase("schedule_occurrences_fired_total"), "fired"],
        [increase("schedule_occurrences_missed_total"), "missed"],
      ],
      [
        "Storage",
        "short",
        [`nuvom_storage_up{${ofJob}}`, "{{instance}} up"],
        [increase("storage_errors_total", "instance"), "{{instance}} errors"],
        [increase("storage_reconnects_total", "instance"), "{{instance}} works again"],
      ],
    ],
  ],
];

const datasource = { type: "prometheus", uid: "$datasource" };
const width = 8;
const height = 8;

function panelsOf(): object[] {
  let y = 0;
  return rows.flatMap(([title, panels]) => {
    const top = y;
    y += 1 + Math.ceil(panels.length / 3) * height;
    return [
      { type: "row", title, gridPos: { x: 0, y: top, w: 24, h: 1 } },
      ...panels.map(([title, unit, ...queries], index) => ({
        type: "timeseries",
        title,
        datasource,
        gridPos: { x: (index % 3) * width, y: top + 1 + Math.floor(index / 3) * height, w: width, h: height },
        fieldConfig: { defaults: { unit, min: 0 } },
        targets: queries.map(([expr, legendFormat], letter) => ({
          refId: "ABCD"[letter],
          expr,
          legendFormat,
        })),
      })),
    ];
  });
}

function variable(name: string, label: string, query: string, more: object = {}) {
  return { name, label, type: "query", datasource, query: { query, refId: name }, refresh: 2, ...more };
}

export const dashboard = {
  title: "Nuvom",
  uid: "nuvom",
  schemaVersion: 39,
  refresh: "10s",
  time: { from: "now-1h", to: "now" },
  templating: {
    list: [
      { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" },
      variable("job", "Job", "label_values(nuvom_build_info, job)"),
      variable("queue", "Queue", `label_values(nuvom_queue_jobs{${ofJob}}, queue)`, {
        multi: true,
        includeAll: true,
        allValue: ".*",
        current: { text: "All", value: "$__all" },
      }),
    ],
  },
  panels: panelsOf().map((panel, index) => ({ id: index + 1, ...panel })),
};

if (import.meta.main) {
  const file = join(import.meta.dir, "../docs/monitoring/dashboard.json");
  await Bun.write(file, `${JSON.stringify(dashboard, null, 2)}\n`);
}
