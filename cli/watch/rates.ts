import { countOf, type Look } from "./look.ts";

/** In milliseconds: rates are those of the last looks. */
const span = 5_000;

/** The looks that rates are made of, the new one included: at least two where there are. */
export function recent(looks: readonly Look[], next: Look): Look[] {
  return [...looks.filter(({ at }, index) => at > next.at - span || index === looks.length - 1), next];
}

/**
 * How many jobs a second were added, have ended, and have failed for good. What has ended is what was ever added and
 * no longer waits or runs, so jobs that are deleted are counted, too; of those that failed only what is kept.
 */
export function ratesText(looks: readonly Look[]): string {
  const added = ({ queues }: Look) => countOf(queues, "added");
  const ended = (look: Look) =>
    added(look) - countOf(look.queues, "pending") - countOf(look.queues, "running");
  const failed = ({ queues }: Look) => countOf(queues, "failed");
  const rate = (number: (look: Look) => number) =>
    perSecond(looks.map(number), looks.at(-1)!.at - looks[0]!.at);
  return `${rate(added)} added  ${rate(ended)} ended  ${rate(failed)} failed`;
}

function perSecond(numbers: readonly number[], milliseconds: number): string {
  if (milliseconds === 0) return "…/s";
  // A job that is tried again after its end, or a storage that was emptied, is not less than nothing.
  const rises = numbers.slice(1).map((number, index) => Math.max(0, number - numbers[index]!));
  const rate = (1_000 * rises.reduce((sum, rise) => sum + rise, 0)) / milliseconds;
  return `${rate.toLocaleString("en", { maximumFractionDigits: rate < 10 ? 1 : 0 })}/s`;
}
