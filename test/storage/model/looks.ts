import { jobStates } from "../../../src/job.ts";
import { type Call, call } from "./comparison.ts";
import * as values from "./values.ts";

/** All that can be seen. */
export function everything(): Call[] {
  return [
    call("get", values.ids),
    call("states", values.ids),
    call("list", {}, values.all),
    ...jobStates.map((state) => call("list", { state }, values.all)),
    ...values.workers.map((worker) => call("list", { worker }, values.all)),
    call("counts"),
    call("queues"),
    call("workers"),
    call("schedules"),
    call("nextSchedules", 10),
    call("nextRunAt", values.queues),
    ...values.queues.map((queue) => call("nextRunAt", [queue])),
  ];
}

/** What brings to light what cannot be seen: who holds a key, who runs what, what stands in the lines and when it goes. */
export function ending(now: number): Call[] {
  const later = now + 1_000;
  return [
    ...values.workers.map((id) => call("heartbeat", values.workerRecord(id, now, 0))),
    call("recover", now),
    ...values.queues.map((queue) => call("pause", queue, false)),
    call("heartbeat", values.workerRecord("w1", later, 1)),
    call("claim", "w1", values.queues.toReversed(), values.numbers, later),
    ...everything(),
    call("recover", later + 1),
    call("cancel", values.ids, "over", later),
    call("retry", values.ids, later),
    call("cancel", values.ids, "over", later),
    ...everything(),
    call("prune", later + 1_000, values.numbers),
    ...everything(),
  ];
}
