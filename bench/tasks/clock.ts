import { task } from "nuvom";

/** When it started to execute, as a Unix time in milliseconds with fractions. */
export const startedAt = task("bench.started-at", () => performance.timeOrigin + performance.now());
