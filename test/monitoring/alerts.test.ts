import { expect, test } from "bun:test";
import { temporaryFolder } from "../support/folder.ts";
import { promtool } from "../support/prometheus.ts";
import { alerts, alertsFile } from "./expressions.ts";

/** In which minute an alert is looked for, and the labels that it then has; `null` if it must not fire. */
type Expected = [minute: number, alert: string, labels: Record<string, string> | null];

const critical = { severity: "critical" };
const warning = { severity: "warning" };

/** Values minute by minute: `0+60x10` begins at 0 and gains 60, ten times. */
const cases: [name: string, series: Record<string, string>, ...Expected[]][] = [
  ["no worker is there", {}, [1, "NuvomNoWorker", null], [3, "NuvomNoWorker", critical]],
  [
    "one worker asks for jobs, the other stops to",
    {
      'nuvom_worker_last_claim_timestamp_seconds{job="shop", instance="a"}': "0+60x10",
      'nuvom_worker_last_claim_timestamp_seconds{job="shop", instance="b"}': "0+60x3 180x7",
    },
    [4, "NuvomWorkerClaimsNothing", null],
    [6, "NuvomWorkerClaimsNothing", { job: "shop", instance: "b", ...critical }],
    [6, "NuvomNoWorker", null],
  ],
  [
    "the storage is away for a moment, and then for longer",
    { 'nuvom_storage_up{job="shop", instance="a"}': "1 0 1 1 0x5" },
    [2, "NuvomStorageDown", null],
    [6, "NuvomStorageDown", { job: "shop", instance: "a", ...critical }],
  ],
  [
    "jobs are due in three queues: for a moment, for long, and in one that is paused",
    {
      'nuvom_queue_oldest_due_seconds{job="shop", instance="a", queue="quick"}': "0+1x20",
      'nuvom_queue_oldest_due_seconds{job="shop", instance="a", queue="mail"}': "0+60x20",
      'nuvom_queue_oldest_due_seconds{job="shop", instance="b", queue="mail"}': "0+60x20",
      'nuvom_queue_oldest_due_seconds{job="shop", instance="a", queue="held"}': "0+60x20",
      'nuvom_queue_paused{job="shop", instance="a", queue="held"}': "1x20",
    },
    [8, "NuvomJobsWaitTooLong", null],
    [12, "NuvomJobsWaitTooLong", { job: "shop", queue: "mail", ...warning }],
  ],
  [
    "two queues fill, one of them with jobs for later",
    {
      'nuvom_queue_jobs{job="shop", instance="a", queue="mail", state="pending"}': "0+100x90",
      'nuvom_queue_oldest_due_seconds{job="shop", instance="a", queue="mail"}': "90x90",
      'nuvom_queue_jobs{job="shop", instance="a", queue="later", state="pending"}': "0+100x90",
      'nuvom_queue_oldest_due_seconds{job="shop", instance="a", queue="later"}': "0x90",
    },
    [45, "NuvomBacklogGrows", null],
    [65, "NuvomBacklogGrows", { job: "shop", queue: "mail", ...warning }],
  ],
  [
    "a queue is full, and becomes no fuller",
    {
      'nuvom_queue_jobs{job="shop", instance="a", queue="mail", state="pending"}': "9000x90",
      'nuvom_queue_oldest_due_seconds{job="shop", instance="a", queue="mail"}': "90x90",
    },
    [90, "NuvomBacklogGrows", null],
  ],
  [
    "a third of the attempts of one task fail, a tenth of those of another, and the only one of a third",
    {
      'nuvom_job_attempts_failed_total{job="shop", task="bad", cause="error"}': "0+10x30",
      'nuvom_job_execution_seconds_count{job="shop", task="bad"}': "0+30x30",
      'nuvom_job_attempts_failed_total{job="shop", task="fair", cause="error"}': "0+10x30",
      'nuvom_job_execution_seconds_count{job="shop", task="fair"}': "0+100x30",
      'nuvom_job_attempts_failed_total{job="shop", task="rare", cause="error"}': "0x9 1x20",
      'nuvom_job_execution_seconds_count{job="shop", task="rare"}': "0x9 1x20",
    },
    [4, "NuvomTasksFail", null],
    [15, "NuvomTasksFail", { job: "shop", task: "bad", ...warning }],
  ],
  [
    "all attempts of a task fail from its first job on, between two scrapes",
    {
      'nuvom_job_attempts_failed_total{job="shop", instance="a", task="new", queue="q", cause="error"}':
        "_x4 50x60",
      'nuvom_job_execution_seconds_count{job="shop", instance="a", task="new", queue="q"}': "_x4 50x60",
    },
    [3, "NuvomTasksFail", null],
    [11, "NuvomTasksFail", { job: "shop", task: "new", ...warning }],
    [40, "NuvomTasksFail", null],
  ],
  [
    "one process dies, then many",
    { 'nuvom_process_deaths_total{job="shop", instance="a", reason="memory"}': "0x9 1x9 1+2x9" },
    [15, "NuvomProcessesDie", null],
    [25, "NuvomProcessesDie", { job: "shop", reason: "memory", ...warning }],
  ],
  [
    "a lease is lost",
    { 'nuvom_leases_lost_total{job="shop", instance="a"}': "0x5 1x30" },
    [4, "NuvomLeaseLost", null],
    [8, "NuvomLeaseLost", { job: "shop", instance: "a", ...warning }],
    [30, "NuvomLeaseLost", null],
  ],
  [
    "a worker starts and finds occurrences missed",
    { 'nuvom_schedule_occurrences_missed_total{job="shop", instance="a"}': "_x5 3x90" },
    [4, "NuvomSchedulesMissed", null],
    [10, "NuvomSchedulesMissed", { job: "shop", ...warning }],
    [80, "NuvomSchedulesMissed", null],
  ],
  [
    "a worker that has missed some before is started again and finds none",
    { 'nuvom_schedule_occurrences_missed_total{job="shop", instance="a"}': "3x90 0x30" },
    [95, "NuvomSchedulesMissed", null],
  ],
];

test("the rules are as Prometheus likes them", async () => {
  expect(await promtool(["check", "rules", alertsFile])).toMatchObject({ exitCode: 0 });
});

test.each(cases)("alerts when %s", async (_, series, ...expected) => {
  using folder = temporaryFolder();
  const tests = {
    rule_files: [alertsFile],
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: expected.map(([minute, alert, labels]) => ({
          expr: `ALERTS{alertname="${alert}", alertstate="firing"}`,
          eval_time: `${minute}m`,
          exp_samples: labels && [{ labels: sample({ alertname: alert, ...labels }), value: 1 }],
        })),
      },
    ],
  };
  await Bun.write(folder.file("tests.yml"), JSON.stringify(tests));
  const { output, exitCode } = await promtool(["test", "rules", folder.file("tests.yml")]);
  expect({ output, exitCode }).toEqual({ output: expect.stringContaining("SUCCESS"), exitCode: 0 });
});

test("each alert is tried", () => {
  const named = cases.flatMap(([, , ...expected]) =>
    expected.flatMap(([, alert, fires]) => (fires ? alert : [])),
  );
  expect(new Set(named)).toEqual(new Set(alerts.map(({ alert }) => alert)));
});

const sample = (labels: Record<string, string>) =>
  `ALERTS{alertstate="firing", ${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ")}}`;
