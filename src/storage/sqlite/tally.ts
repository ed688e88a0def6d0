import type { FinalState } from "../../job.ts";
import type { prepareStatements } from "./statements.ts";

export type Tally = ReturnType<typeof newTally>;

/**
 * Counts what a transaction adds, ends and deletes, and writes it at its end, once for each queue: a trigger that did so
 * for each job would cost a quarter of what ending one does.
 */
export function newTally({ count, deleteUnkept }: ReturnType<typeof prepareStatements>["change"]) {
  const queues = new Map<string, Record<"added" | "deleted" | FinalState, number>>();

  function of(queue: string) {
    const counts = queues.get(queue) ?? { added: 0, deleted: 0, succeeded: 0, failed: 0, cancelled: 0 };
    queues.set(queue, counts);
    return counts;
  }

  function deleted(queue: string, state: FinalState, number = 1): void {
    const counts = of(queue);
    counts.deleted += number;
    counts[state] -= number;
  }

  return {
    /** The queue is one of the storage's from then on. */
    added(queue: string, number: number): void {
      of(queue).added += number;
    },
    ended(queue: string, state: FinalState): void {
      of(queue)[state]++;
    },
    /** A job that had ended is pending again. */
    begunAgain(queue: string, state: FinalState): void {
      of(queue)[state]--;
    },
    deleted,
    /** Deletes those that ended now and are not to be kept. */
    deleteUnkept(now: number): void {
      for (const { queue, state } of deleteUnkept.all(now)) deleted(queue, state);
    },
    write(): void {
      for (const [queue, { added, deleted, succeeded, failed, cancelled }] of queues) {
        count.run(queue, added, added - deleted, succeeded, failed, cancelled);
      }
    },
  };
}
