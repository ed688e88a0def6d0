import { task } from "nuvom";

/** Waits for so many milliseconds, as for an answer from elsewhere. */
export const sleeps = task("bench.sleeps", (milliseconds: number) => Bun.sleep(milliseconds));
