import { task } from "nuvom";
import type { Payload } from "../contestant.ts";

/** Does nothing. */
export const returnsIndex = task("bench.returns-index", ({ index }: Payload) => index);
