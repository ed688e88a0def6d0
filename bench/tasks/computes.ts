import { task } from "nuvom";

/** Does nothing but compute. */
export const computes = task("bench.computes", compute);

/** So many steps of a generator of random numbers. */
export function compute(steps: number): number {
  let state = 1;
  for (let step = 0; step < steps; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return state;
}
