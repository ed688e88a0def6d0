import { isFinal } from "../../job.ts";
import type { Outcome } from "../storage.ts";
import type { prepareStatements } from "./statements.ts";
import type { Tally } from "./tally.ts";

/** Records an outcome. Returns whether it applied. */
export function settle(
  { finish, putBack }: ReturnType<typeof prepareStatements>["change"],
  worker: string,
  outcome: Outcome,
  now: number,
  tally: Tally,
): boolean {
  const { id, queue, claims, startedAt } = outcome;
  const after = { result: null, errors: null, reason: null, notes: null, parked: null, ...outcome };
  const { result, errors, reason, notes, parked } = after;
  const fence = [outcome.crashed ? 1 : 0, id, worker, claims] as const;
  if (outcome.kind === "retry" || outcome.kind === "released") {
    const { runAt } = outcome;
    const givenBack = outcome.kind === "released" ? 1 : 0;
    const values = [now, runAt, reason, parked, givenBack, startedAt, errors, notes, ...fence];
    const job = putBack.get(...values);
    if (job && isFinal(job.state)) tally.ended(queue, job.state);
    return job !== null;
  }
  const values = [outcome.kind, startedAt, now, result, errors, reason, notes, ...fence];
  const isApplied = finish.run(...values).changes === 1;
  if (isApplied) tally.ended(queue, outcome.kind);
  return isApplied;
}
