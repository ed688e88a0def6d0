import { task } from "nuvom";
import type { Payload } from "./contest.ts";

/** Does nothing. */
export const returnsIndex = task("bench.returns-index", ({ index }: Payload) => index);

/** Tells besides when it started, as a Unix time in milliseconds with fractions. */
export const returnsStart = task("bench.returns-start", ({ index }: Payload) => {
  return { index, startedAt: performance.timeOrigin + performance.now() };
});
