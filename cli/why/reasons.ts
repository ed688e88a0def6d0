import { formatDuration } from "../../src/duration.ts";
import { jobErrors, jobNotes } from "../../src/handle.ts";
import { type FinalState, isFinal, type Job, keptFor } from "../../src/job.ts";
import type { WorkerRecord } from "../../src/storage/storage.ts";
import { errorText, plural, progressText, relative } from "../output.ts";

/** All that is known of why a job is where it is. */
export interface Facts {
  job: Job;
  paused: boolean;
  /** Those that are registered, those whose lease has run out included. */
  workers: readonly WorkerRecord[];
  /** How many jobs are running in the whole storage. */
  running: number;
  /** The due jobs of its queue that come before it, or so many at least. */
  ahead: { count: number; isExact: boolean };
  /** What the sources here say of its task; `null` if that was not looked for. */
  sources: Sources | null;
  now: number;
}

export interface Sources {
  root: string;
  /** Where they define the task, such as `tasks/mail.ts:3`; `null` if they do not. */
  definedAt: string | null;
  /** By it a worker of the same sources is known. */
  hash: string;
}

/** Codes stay the same from release to release; texts may change. */
export interface Reason {
  code:
    | "due"
    | "retry"
    | "put-back"
    | "queue-paused"
    | "parked"
    | "no-worker"
    | "no-worker-for-queue"
    | "workers-stuck"
    | "crash-suspect"
    | "behind"
    | "busy"
    | "next"
    | "worker-silent"
    | "cancelling"
    | "running"
    | FinalState
    | "kept"
    | "schedule";
  text: string;
}

/** Why the job is not running, or what became of it, the most decisive reason first. */
export function reasonsOf(facts: Facts): Reason[] {
  const { state } = facts.job;
  const reasons = isFinal(state) ? end(facts, state) : state === "running" ? running(facts) : waits(facts);
  return [...reasons, ...origin(facts)];
}

function waits(facts: Facts): Reason[] {
  const { job, paused, now } = facts;
  const isDue = job.runAt <= now;
  const obstacles = [...(paused ? [pause(job)] : []), ...parking(facts), ...missingWorkers(facts)];
  const suspicion = job.crashes > 0 ? [suspect(job)] : [];
  if (!isDue) return [due(facts), ...obstacles, ...suspicion];
  const line = obstacles.length === 0 ? [place(facts)] : [];
  // That a parked job was put back is what parking tells.
  return [...obstacles, ...suspicion, ...line, ...(job.parked === null ? [due(facts)] : [])];
}

function due({ job, now }: Facts): Reason {
  const { runAt, reason, attempt, maxAttempts } = job;
  const when = `${runAt > now ? "is due" : "has been due since"} ${at(runAt, now)}`;
  if (reason !== null) return { code: "put-back", text: `it was put back: ${reason}; it ${when}` };
  const error = jobErrors(job).at(-1);
  if (attempt === 0) return { code: "due", text: `it ${when}` };
  const after = error ? `, after ${errorText(error, 1)}` : "";
  return { code: "retry", text: `attempt ${attempt + 1} of ${maxAttempts} ${when}${after}` };
}

function pause({ queue }: Job): Reason {
  const hint = `nuvom resume ${Bun.$.escape(queue)} resumes it`;
  return { code: "queue-paused", text: `its queue "${queue}" is paused, so nothing of it starts; ${hint}` };
}

function parking({ job, sources }: Facts): Reason[] {
  if (job.parked === null) return [];
  const text = `no worker that has tried can run it: ${job.reason}; ${remedy(job, sources)}`;
  return [{ code: "parked", text }];
}

function remedy({ task, parked, id }: Job, sources: Sources | null): string {
  if (sources === null) {
    return `it waits for a worker with other sources: start one in a project that defines "${task}"`;
  }
  const { root, definedAt, hash } = sources;
  const cancel = `or give the job up with nuvom cancel ${id}`;
  if (definedAt === null) {
    return `the sources in ${root} do not define "${task}" either: start a worker in a project that does, ${cancel}`;
  }
  if (hash !== parked) {
    return `the sources here, which are others, define it at ${definedAt}: start a worker with them (one that runs must be started again)`;
  }
  return `that worker had the same sources as are here, where ${definedAt} defines it: change that and start the worker again, ${cancel}`;
}

function missingWorkers({ job: { queue }, workers, now }: Facts): Reason[] {
  const live = workers.filter(({ leaseUntil }) => leaseUntil > now);
  if (live.length === 0) {
    const last = workers.toSorted((a, b) => b.seenAt - a.seenAt)[0];
    const heard = last ? ` (last sign of life: ${placeOf(last)}, ${relative(last.seenAt, now)})` : "";
    return [{ code: "no-worker", text: `no worker is running${heard}; nuvom worker starts one` }];
  }
  const serving = live.filter((worker) => serves(worker, queue));
  if (serving.length === 0) {
    const others = [...new Set(live.flatMap(({ queues }) => queues))].sort().join(", ");
    const hint = `nuvom worker --queue ${Bun.$.escape(queue)} starts one that does`;
    const text = `no worker serves its queue "${queue}", only ${others}; ${hint}`;
    return [{ code: "no-worker-for-queue", text }];
  }
  if (!serving.every(isStuck)) return [];
  const claimed = serving.flatMap(({ claimedAt }) => claimedAt ?? []);
  const since = claimed.length > 0 ? `since ${at(Math.max(...claimed), now)}` : "at all so far";
  const who = serving.map(placeOf).join(", ");
  const text = `the workers that serve its queue (${who}) are alive but have not asked for jobs ${since}: look at what they log, and start them again`;
  return [{ code: "workers-stuck", text }];
}

export function serves({ queues }: WorkerRecord, queue: string): boolean {
  return queues.length === 0 || queues.includes(queue);
}

/** Whoever works asks for jobs, or is full, at every heartbeat, of which there are three in a lease. */
function isStuck({ claimedAt, startedAt, seenAt, leaseUntil }: WorkerRecord): boolean {
  return seenAt - (claimedAt ?? startedAt) > leaseUntil - seenAt;
}

function suspect({ crashes }: Job): Reason {
  const text = `its process or worker died ${plural(crashes, "time")} while it ran, which may be its doing: it runs again with no other job beside it and may have to wait for a process of its own`;
  return { code: "crash-suspect", text };
}

function place({ ahead, running }: Facts): Reason {
  const busy = `${plural(running, "job")} ${running === 1 ? "is" : "are"} running now`;
  if (ahead.count > 0) {
    const number = `${ahead.isExact ? "" : "more than "}${plural(ahead.count, "due job")}`;
    const text = `${number} of its queue ${ahead.count === 1 ? "comes" : "come"} before it, by priority and then by time; ${busy}`;
    return { code: "behind", text };
  }
  if (running > 0) {
    return { code: "busy", text: `it is next in its queue, and waits for a free process; ${busy}` };
  }
  return { code: "next", text: "it is next in its queue, and a worker that serves it is about to take it" };
}

function running(facts: Facts): Reason[] {
  const { job, workers, now } = facts;
  const { attempt, maxAttempts, startedAt, timeout, reason } = job;
  const worker = workers.find(({ id }) => id === job.worker);
  const { progress } = jobNotes(job);
  const texts = [
    `attempt ${attempt} of ${maxAttempts} runs since ${at(startedAt!, now)}`,
    worker && ` on ${placeOf(worker)}, last sign of life ${relative(worker.seenAt, now)}`,
    progress && `; it has come to ${progressText(progress)}`,
    timeout !== null && `; its timeout is ${formatDuration(timeout)}`,
  ];
  const cancelling = `somebody wants it cancelled: ${reason}; its worker stops it within seconds`;
  return [
    ...silence(facts, worker),
    ...(reason === null ? [] : [{ code: "cancelling", text: cancelling } as const]),
    { code: "running", text: texts.filter(Boolean).join("") },
  ];
}

function silence({ job, workers, now }: Facts, worker: WorkerRecord | undefined): Reason[] {
  const code = "worker-silent";
  if (!worker) return [{ code, text: `its worker ${job.worker} is gone, and the job is about to run again` }];
  const { seenAt, leaseUntil } = worker;
  const heard = `its worker ${placeOf(worker)} gave its last sign of life ${relative(seenAt, now)}`;
  if (leaseUntil > now) {
    if (now - seenAt <= (leaseUntil - seenAt) / 2) return [];
    const text = `${heard}; if that goes on, the job is taken from it ${relative(leaseUntil, now)}`;
    return [{ code, text }];
  }
  const isOtherThere = workers.some((other) => other.leaseUntil > now);
  const then = isOtherThere
    ? "another worker makes it pending again within seconds"
    : "the next worker that runs makes it pending again: nuvom worker starts one";
  return [{ code, text: `${heard}, so it has lost the job: ${then}` }];
}

function end(facts: Facts, state: FinalState): Reason[] {
  const { job, now } = facts;
  const { id, attempt, claims, maxAttempts, startedAt, finishedAt, reason } = job;
  const when = at(finishedAt!, now);
  const which = `attempt ${attempt} of ${maxAttempts}`;
  const never = claims === 0 ? ", before its first attempt" : "";
  const ended = attempt > 0 ? `, after it had begun ${which}` : never;
  const error = jobErrors(job).at(-1);
  const texts: Record<FinalState, () => string> = {
    succeeded: () => `it succeeded ${when}, in ${which}, after ${formatDuration(finishedAt! - startedAt!)}`,
    failed: () => {
      const early = attempt < maxAttempts ? ", which allows no other attempt" : "";
      const what = error ? ` with ${errorText(error, 1)}${early}` : "";
      return `it failed ${when}, in ${which},${what}; nuvom retry ${id} runs it again`;
    },
    cancelled: () => `it was cancelled ${when}${reason ? `, ${reason}` : ""}${ended}`,
  };
  return [{ code: state, text: texts[state]() }, kept(facts, state)];
}

function kept({ job, now }: Facts, state: FinalState): Reason {
  const length = keptFor(job, state);
  const until = job.finishedAt! + (length ?? 0);
  const time = length === null ? "without limit" : `until ${at(until, now)}`;
  const most =
    job.keepCount === null
      ? ""
      : `, but no more than ${job.keepCount.toLocaleString("en")} ${state} ones of its task`;
  const text =
    length !== null && until <= now
      ? "its time to be kept is over: a worker is about to delete it"
      : `it is kept ${time}${most}`;
  return { code: "kept", text };
}

function origin({ job: { schedule, scheduledFor } }: Facts): Reason[] {
  if (schedule === null) return [];
  const which = scheduledFor === null ? "out of turn" : `for ${new Date(scheduledFor).toISOString()}`;
  return [{ code: "schedule", text: `the schedule "${schedule}" made it, ${which}` }];
}

function placeOf({ host, pid }: WorkerRecord): string {
  return `${host}/${pid}`;
}

/** Such as `2026-03-02T09:00:00.000Z (in 5m)`. */
function at(time: number, now: number): string {
  return `${new Date(time).toISOString()} (${relative(time, now)})`;
}
