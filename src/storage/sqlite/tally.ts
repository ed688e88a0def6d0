import type { FinalState } from "../../job.ts";
import type { prepareStatements } from "./statements.ts";

export type Tally = ReturnType<typeof newTally>;

/**
 * Counts what a transaction adds and ends, and writes it at its end, once for each queue: a trigger that did so for each
 * job would cost a quarter of what ending one does. What is deleted, be it by hand, a trigger counts.
 */
export function newTally({ count }: ReturnType<typeof prepareStatements>["change"]) {
  const queues = new Map<string, Record<"added" | FinalState, number>>();

  function of(queue: string) {
    const counts = queues.get(queue) ?? { added: 0, succeeded: 0, failed: 0, cancelled: 0 };
    queues.set(queue, counts);
    return counts;
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
    write(): void {
      for (const [queue, { added, succeeded, failed, cancelled }] of queues) {
        count.run(queue, added, added, succeeded, failed, cancelled);
      }
    },
  };
}
