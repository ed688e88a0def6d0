import { causesIn } from "./causes.ts";
import type { Evidence } from "./evidence.ts";
import type { SoakResult } from "./run.ts";

/** What happened, for people. */
export function summary({ evidence, violations }: SoakResult): string {
  const { executions, chaos, requests, jobs, events } = evidence;
  const count = (kind: string) => chaos.filter((entry) => entry.kind === kind).length;
  const unconfirmed = requests.filter(({ kind }) => kind === "not confirmed").length;
  const refused = events.filter(({ type }) => type === "refused").length;
  const leases = events.filter(({ type }) => type === "lease-lost").length;
  return [
    `${jobs.length} jobs: ${tally(jobs.map(({ state }) => state))}; ${unconfirmed} requests were not confirmed`,
    `done to them: ${tally(chaos.map(({ kind }) => kind).filter((kind) => isHarm.has(kind)))}; ${count("worker started")} workers started`,
    `${executions.length} executions; ${refused} outcomes of others refused, ${leases} leases lost with jobs`,
    ...repeated(evidence),
    `a job waited for its first execution ${spread(waits(evidence))}`,
    `between the beginnings of two executions anywhere passed ${spread(gaps(evidence))}`,
    `from the kill of a process until a new one in its place began a job passed ${spread(slots(evidence))}`,
    violations.length === 0 ? "every law holds" : `${violations.length} violations:`,
    ...violations.map(({ law, id, text }) => `  ${law}: ${id ?? ""} ${text}`),
  ].join("\n");
}

const isHarm = new Set<string>([
  "process killed",
  "worker killed",
  "worker stopped",
  "worker asked to end",
  "server killed",
]);

function repeated(evidence: Evidence): string[] {
  const { causeOf } = causesIn(evidence);
  const all = [...Map.groupBy(evidence.executions, ({ id }) => id).values()].flatMap((executions) =>
    executions.slice(1).flatMap((next, index) => {
      const explained = causeOf(executions[index]!, next);
      return explained ? { ...explained, next, wasWhole: executions[index]!.endedAt !== null } : [];
    }),
  );
  return [...Map.groupBy(all, ({ cause }) => cause)]
    .filter(([cause]) => cause !== "charged")
    .map(([cause, some]) => {
      const again = Math.max(...some.map(({ at, next }) => next.beganAt - at));
      const whole = some.filter(({ wasWhole }) => wasWhole).length;
      return `executed again since ${cause}: ${some.length}, ${whole} of them after a whole execution; at the latest ${again} ms after`;
    });
}

function waits({ executions, jobs }: Evidence): number[] {
  const born = new Map(
    jobs.filter(({ queue }) => queue !== "held").map(({ id, createdAt }) => [id, createdAt]),
  );
  const firsts = new Map(executions.toReversed().map((execution) => [execution.id, execution]));
  return [...firsts.values()]
    .filter(({ id }) => born.has(id))
    .map(({ id, beganAt, runAt }) => beganAt - Math.max(runAt, born.get(id)!));
}

/** As long as there was something to do. */
function gaps({ executions, requests }: Evidence): number[] {
  const lastRequest = Math.max(...requests.map(({ at }) => at));
  const begins = executions.map(({ beganAt }) => beganAt).filter((at) => at < lastRequest);
  return begins.slice(1).map((at, index) => at - begins[index]!);
}

/** Where nothing else was done to the worker meanwhile. */
function slots({ executions, chaos }: Evidence): number[] {
  const firsts = [...Map.groupBy(executions, ({ worker, pid }) => `${worker}/${pid}`).values()].map(
    ([first]) => first!,
  );
  return chaos.flatMap((killed) => {
    if (killed.kind !== "process killed") return [];
    const { worker, at } = killed;
    const next = firsts.find((first) => first.worker === worker && first.beganAt > at);
    const isDisturbed = chaos.some((other) => {
      const isIts = !("worker" in other) || other.worker === worker;
      return isIts && other !== killed && other.at >= at - 3_000 && other.at <= (next?.beganAt ?? 0);
    });
    return next && !isDisturbed ? next.beganAt - at : [];
  });
}

/** The median and the most of some times in milliseconds. */
function spread(times: readonly number[]): string {
  if (times.length === 0) return "(never)";
  const inOrder = times.toSorted((a, b) => a - b);
  return `${inOrder[times.length >> 1]} ms, at most ${inOrder.at(-1)} ms`;
}

function tally(names: readonly string[]): string {
  return [...Map.groupBy(names, (name) => name)].map(([name, all]) => `${all.length} ${name}`).join(", ");
}
