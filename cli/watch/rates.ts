import type { FinalState } from "../../src/job.ts";
import type { Look } from "./look.ts";

/** In milliseconds: rates are those of the last looks. */
const span = 5_000;

/** The looks that rates are made of, the new one included: at least two where there are. */
export function recent(looks: readonly Look[], next: Look): Look[] {
  return [...looks.filter(({ at }, index) => at > next.at - span || index === looks.length - 1), next];
}

/**
 * How many jobs ended in this state, such as `12/s`. Only what is kept is counted: where the jobs of a queue became
 * fewer, some were deleted, and it says `at least`.
 */
export function rateText(looks: readonly Look[], state: FinalState): string {
  const first = looks[0]!;
  const last = looks.at(-1)!;
  if (first === last) return "…/s";
  let ended = 0;
  let isLeast = false;
  for (const [index, { queues }] of looks.slice(1).entries()) {
    const before = new Map(looks[index]!.queues.map((queue) => [queue.name, queue[state]]));
    for (const queue of queues) {
      const more = queue[state] - (before.get(queue.name) ?? 0);
      ended += Math.max(0, more);
      isLeast ||= more < 0;
    }
  }
  const rate = (1_000 * ended) / Math.max(1, last.at - first.at);
  const digits = rate < 10 ? 1 : 0;
  return `${isLeast ? "at least " : ""}${rate.toLocaleString("en", { maximumFractionDigits: digits })}/s`;
}
