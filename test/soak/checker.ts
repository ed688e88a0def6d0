/**
 * What must hold when a soak is over, whatever was done to its programs. Judges by the journals and the storage alone,
 * and knows nothing of how workers work.
 */
import { decode } from "../../src/codec.ts";
import type { Job, JobError } from "../../src/index.ts";
import { causesIn } from "./causes.ts";
import type { Evidence, Execution } from "./evidence.ts";
import { queueLaws } from "./queue-laws.ts";

export type Law =
  | "no confirmed job is lost"
  | "nothing is left undone"
  | "each ends as its task must"
  | "none is given up for its workers' deaths"
  | "the innocent are not charged"
  | "the guilty are charged for each failed attempt"
  | "what is stored is what an execution did"
  | "none is settled twice"
  | "none begins after its end"
  | "none runs twice at once"
  | "none is repeated without cause"
  | "none begins early"
  | "a queue keeps its order"
  | "a paused queue gives nothing out"
  | "an occurrence has one job"
  | "a key has one job at a time"
  | "who is cancelled was asked to, and ends"
  | "workers end well, and only when they must"
  | "the storage tells one story";

export interface Violation {
  law: Law;
  /** The job it is about, if one. */
  id?: string;
  text: string;
}

/** How the jobs of each task end: the names of the errors of the attempts that are charged, and whether that is all. */
const expected: Record<string, { state: Job["state"]; errors: string[] }> = {
  ...Object.fromEntries(
    ["quick", "slow", "busy", "large", "single", "held", "ticked", "recurring"].map((task) => {
      return [task, { state: "succeeded", errors: [] }];
    }),
  ),
  flaky: { state: "succeeded", errors: ["TypeError", "TypeError"] },
  broken: { state: "failed", errors: ["RangeError", "RangeError", "RangeError"] },
  exits: { state: "failed", errors: ["ProcessDiedError", "ProcessDiedError"] },
  killed: { state: "failed", errors: ["ProcessDiedError"] },
  aborts: { state: "failed", errors: ["ProcessDiedError"] },
  hangs: { state: "failed", errors: ["TimeoutError"] },
  stuck: { state: "failed", errors: ["TimeoutError"] },
  overdue: { state: "failed", errors: ["TimeoutError", "TimeoutError"] },
  endless: { state: "cancelled", errors: [] },
};

export function check(evidence: Evidence): Violation[] {
  const executions = Map.groupBy(evidence.executions, ({ id }) => id);
  const ofJob = ({ id }: Job) => executions.get(id) ?? [];
  return [
    ...lost(evidence),
    ...evidence.jobs.flatMap((job) => [
      ...ending(job),
      ...charges(job, ofJob(job)),
      ...after(job, ofJob(job)),
    ]),
    ...settledTwice(evidence),
    ...repetitions(executions, causesIn(evidence)),
    ...cancellations(evidence, executions),
    ...programs(evidence),
    ...queueLaws(evidence),
  ];
}

function lost({ requests, jobs, chaos, disagreeing, counts }: Evidence): Violation[] {
  const known = new Set(jobs.map(({ id }) => id));
  const ids = new Set(requests.flatMap((entry) => (entry.kind === "enqueued" ? entry.id : [])));
  const counted = (state: Job["state"]) => counts.reduce((sum, queue) => sum + queue[state], 0);
  const states = ["pending", "running", "succeeded", "failed", "cancelled"] as const;
  return [
    ...[...ids.difference(known)].map((id) => violation("no confirmed job is lost", "is not there", id)),
    ...chaos
      .filter(({ kind }) => kind === "not all done")
      .map(() => violation("nothing is left undone", "jobs went on although all was quiet")),
    ...disagreeing.map((id) => violation("the storage tells one story", "list, get and states differ", id)),
    ...states.flatMap((state) => {
      const listed = jobs.filter((job) => job.state === state).length;
      const text = `${listed} jobs are ${state}, and ${counted(state)} are counted`;
      return listed === counted(state) ? [] : violation("the storage tells one story", text);
    }),
  ];
}

/** Whether the state is right; whether a cancelled one may be that is another law. */
function ending(job: Job): Violation[] {
  const { id, task, state, attempt, crashes } = job;
  if (state === "pending" || state === "running") {
    const text = `${task} is ${state} (attempt ${attempt}, crashes ${crashes}, ${job.reason})`;
    return [violation("nothing is left undone", text, id)];
  }
  const givenUp = errorsOf(job).find(({ message }) => /^\d+ workers or processes died/.test(message));
  if (givenUp) {
    return [violation("none is given up for its workers' deaths", `${task}: ${givenUp.message}`, id)];
  }
  if (state === "cancelled" || state === expected[task]!.state) return [];
  return [violation("each ends as its task must", `${task} ${state}: ${Bun.inspect(errorsOf(job))}`, id)];
}

function charges(job: Job, executions: readonly Execution[]): Violation[] {
  const { id, task, state, attempt } = job;
  const errors = errorsOf(job);
  const names = state === "cancelled" ? [] : expected[task]!.errors;
  const last = names.length + (state === "succeeded" ? 1 : 0);
  const isRight =
    names.length === errors.length &&
    errors.every((error, index) => error.name === names[index] && error.attempt === index + 1) &&
    (state === "cancelled" || attempt === last);
  const law =
    names.length > 0 ? "the guilty are charged for each failed attempt" : "the innocent are not charged";
  const told = errors.map((error) => `${error.attempt}: ${error.name}: ${error.message} (pid ${error.pid})`);
  const violations =
    isRight || !isOver(job)
      ? []
      : [violation(law, `${task} ${state} in attempt ${attempt} [${told.join("; ")}]`, id)];
  const unknown = errors.filter((error) => {
    return !executions.some(({ attempt, pid }) => attempt === error.attempt && pid === error.pid);
  });
  return [
    ...violations,
    ...unknown.map(({ attempt, pid }) => {
      const text = `${task} is charged for an attempt ${attempt} in process ${pid}, which never began there`;
      return violation("what is stored is what an execution did", text, id);
    }),
  ];
}

/** Of the end of a job: it is that of an execution, and nothing comes after. */
function after(job: Job, executions: readonly Execution[]): Violation[] {
  if (!isOver(job)) return [];
  const { id, task, state } = job;
  const late = executions.filter(({ beganAt }) => beganAt > job.finishedAt!);
  const violations = late.map(({ beganAt }) => {
    const text = `${task} began ${beganAt - job.finishedAt!} ms after it had ${state}`;
    return violation("none begins after its end", text, id);
  });
  if (state !== "succeeded") return violations;
  const { token } = decode(job.result!) as { token: string };
  const own = executions.find((execution) => execution.token === token);
  const isItsOwn = own && own.endedAt !== null && own.endedAt <= job.finishedAt!;
  const text = `${task} has the result of ${own ? "an execution that had not ended" : "no execution of it"}`;
  return isItsOwn
    ? violations
    : [...violations, violation("what is stored is what an execution did", text, id)];
}

function settledTwice({ events }: Evidence): Violation[] {
  const final = events.filter(({ type }) => ["succeeded", "failed", "cancelled"].includes(type));
  return [...Map.groupBy(final, ({ id }) => id!)].flatMap(([id, settled]) => {
    const text = settled.map(({ type, worker, at }) => `${type} by ${worker} at ${at}`).join(", ");
    return settled.length === 1 ? [] : violation("none is settled twice", text, id);
  });
}

function repetitions(
  executions: ReadonlyMap<string, Execution[]>,
  { causeOf, wasStopped }: ReturnType<typeof causesIn>,
): Violation[] {
  return [...executions].flatMap(([id, all]) =>
    all.slice(1).flatMap((next, index) => {
      const execution = all[index]!;
      const told = `${execution.task}, ${placed(execution)}, then ${placed(next)}`;
      const areAtOnce = (execution.endedAt ?? 0) > next.beganAt;
      const mayBeAtOnce = wasStopped(execution) || wasStopped(next);
      return [
        ...(causeOf(execution, next) ? [] : [violation("none is repeated without cause", told, id)]),
        ...(areAtOnce && !mayBeAtOnce ? [violation("none runs twice at once", told, id)] : []),
      ];
    }),
  );
}

function cancellations({ requests, jobs }: Evidence, executions: Map<string, Execution[]>): Violation[] {
  const law = "who is cancelled was asked to, and ends";
  const asked = new Set(requests.flatMap((entry) => (entry.kind === "cancelling" ? entry.id : [])));
  const states = new Map(jobs.map(({ id, state }) => [id, state]));
  const unasked = jobs.filter(({ id, state }) => state === "cancelled" && !asked.has(id));
  const waiting = requests
    .filter((entry) => entry.kind === "cancelled")
    .filter(({ was }) => was === "pending");
  return [
    ...unasked.map(({ id, task }) => violation(law, `nobody asked for the end of this ${task}`, id)),
    ...waiting.flatMap(({ id, at }) => {
      const state = states.get(id)!;
      const began = executions.get(id)?.some(({ beganAt }) => beganAt > at);
      if (state === "cancelled" && !began) return [];
      return violation(law, `was cancelled while pending, but is ${state}${began ? " and ran" : ""}`, id);
    }),
  ];
}

function programs({ chaos, executions }: Evidence): Violation[] {
  const law = "workers end well, and only when they must";
  return chaos.flatMap((ended) => {
    if (ended.kind !== "worker ended") return [];
    const { worker, code, at } = ended;
    const asked = chaos.findLast((entry) => {
      const isAsked = entry.kind === "worker asked to end" || entry.kind === "worker killed";
      return isAsked && entry.worker === worker && entry.at <= at;
    });
    // A signal that came before it listened has ended it at once, which does no harm if it has done nothing yet.
    const hadBegun = executions.some((execution) => execution.worker === worker);
    const isWell = asked?.kind === "worker killed" || (asked && (code === 0 || (code === 143 && !hadBegun)));
    if (isWell) return [];
    return violation(law, `worker ${worker} ended with ${code}, ${asked ? "asked to" : "by itself"}`);
  });
}

export function violation(law: Law, text: string, id?: string): Violation {
  return { law, text, ...(id !== undefined && { id }) };
}

export function isOver({ state }: Job): boolean {
  return state !== "pending" && state !== "running";
}

function errorsOf({ errors }: Job): JobError[] {
  return errors ? (decode(errors) as JobError[]) : [];
}

function placed({ attempt, worker, pid, beganAt, endedAt }: Execution): string {
  const end = endedAt === null ? "it did not end" : `to ${endedAt}`;
  return `attempt ${attempt} in process ${pid} of worker ${worker} from ${beganAt} ${end}`;
}
