import type { Evidence, Execution } from "./evidence.ts";
import type { ChaosEntry } from "./journal.ts";

/** Why an execution was not the last of its job. */
export type Cause =
  | "charged"
  | "process killed"
  | "worker killed"
  | "worker stopped"
  | "worker asked to end"
  | "server killed"
  | "its process died of a job"
  | "its process was held up"
  | "its worker lost its lease";

export interface Explained {
  cause: Cause;
  /** When it happened. */
  at: number;
}

/** From the moment that something was done until it has had all its effects, and from the end of a job until it is settled. */
const slack = 2_500;

/** Jobs of these may end their process. */
const deadly = new Set(["exits", "killed", "aborts", "hangs", "stuck", "overdue"]);

interface Span extends Explained {
  /** The worker, the process, or the server. */
  place: string;
  from: number;
  to: number;
}

/** Finds out why executions had to be repeated. */
export function causesIn({ executions, chaos, events, requests }: Evidence) {
  const cancelled = new Set(requests.flatMap((entry) => (entry.kind === "cancelling" ? entry.id : [])));
  const isDeadly = ({ task, id, endedAt }: Execution) =>
    endedAt === null && (deadly.has(task) || cancelled.has(id));
  const deaths = Map.groupBy(
    executions.filter(isDeadly).map((execution) => {
      return {
        cause: "its process died of a job" as const,
        at: execution.beganAt,
        place: placeOf(execution),
      };
    }),
    ({ place }) => place,
  );
  const oneAtATime = new Set(
    chaos.flatMap((entry) =>
      entry.kind === "worker started" && entry.concurrency === 1 ? entry.worker : [],
    ),
  );
  // On SQLite a worker that is stopped in a transaction keeps all others from heartbeats and from settling.
  const losses = events
    .filter(({ type }) => type === "lease-lost")
    .map(({ worker, at }): Span => {
      return { cause: "its worker lost its lease", place: `${worker}`, at, from: at, to: at };
    });
  const done = spansOf(chaos);
  const holdUps = done.filter(({ cause }) => cause === "worker stopped" || cause === "server killed");
  const spans = Map.groupBy([...losses, ...done], ({ place }) => place);

  /** By when the end of an execution is settled. */
  function settledBy(endedAt: number): number {
    const held = holdUps.filter(({ from, to }) => from <= endedAt + slack && to >= endedAt);
    return Math.max(endedAt, ...held.map(({ to }) => to)) + slack;
  }

  /** Whether the worker could not know, while this went on, that its lease was over. */
  function wasStopped({ worker, beganAt, endedAt }: Execution): boolean {
    return !!spans.get(`${worker}`)?.some(({ cause, from, to }) => {
      return (
        cause === "worker stopped" && from <= (endedAt ?? Number.POSITIVE_INFINITY) && to + slack >= beganAt
      );
    });
  }

  /** `null` if there is no reason why `next` should have followed on `execution`. */
  function causeOf(execution: Execution, next: Execution): Explained | null {
    if (next.attempt > execution.attempt) return { cause: "charged", at: execution.beganAt };
    const { endedAt } = execution;
    const until = endedAt === null ? next.beganAt : Math.min(next.beganAt, settledBy(endedAt));
    const spanOf = (place: string) => {
      return spans.get(place)?.findLast(({ from, to }) => from <= until && to + slack >= execution.beganAt);
    };
    const place = placeOf(execution);
    // Where one job runs at a time, the next begins only when the report of the one before has left the process.
    const mayDieOfOthers = endedAt === null || !oneAtATime.has(execution.worker);
    // That its process was too busy to tell it in time is no charge, and nothing that is seen from outside.
    const heldUp = { cause: "its process was held up", at: execution.beganAt } as const;
    return (
      spanOf(place) ??
      spanOf(`${execution.worker}`) ??
      (mayDieOfOthers ? deaths.get(place)?.find(({ at }) => at <= until) : undefined) ??
      spanOf("server") ??
      (execution.task === "overdue" ? heldUp : null)
    );
  }

  return { causeOf, wasStopped };
}

function placeOf({ worker, pid }: { worker: number; pid: number }): string {
  return `${worker}/${pid}`;
}

/** What was done, and to whom: for a moment, or for as long as it lasted. */
function spansOf(chaos: readonly ChaosEntry[]): Span[] {
  return chaos.flatMap((entry) => {
    const { kind, at } = entry;
    if (kind === "process killed") return { cause: kind, place: placeOf(entry), at, from: at, to: at };
    if (!(kind in ends)) return [];
    const cause = kind as keyof typeof ends;
    const worker = "worker" in entry ? entry.worker : null;
    const end = chaos.find((later) => {
      return later.kind === ends[cause] && later.at >= at && (worker === null || isOf(later, worker));
    });
    return {
      cause,
      place: worker === null ? "server" : `${worker}`,
      at,
      from: at,
      to: end?.at ?? Number.POSITIVE_INFINITY,
    };
  });
}

function isOf(entry: ChaosEntry, worker: number): boolean {
  return "worker" in entry && entry.worker === worker;
}

const ends = {
  "worker killed": "worker ended",
  "worker stopped": "worker continued",
  "worker asked to end": "worker ended",
  "server killed": "server started",
} as const;
