import { describe, expect, test } from "bun:test";
import { simulate } from "./simulate.ts";

/** How many seeds are tried, and from which on. */
const count = Number(process.env.NUVOM_TEST_SEEDS ?? 1_000);
const from = Number(process.env.NUVOM_TEST_SEED ?? 1);

/** In one test: a few seconds' worth. */
const perTest = 500;

/** How much of what happened before is shown. */
const lastLines = 40;

describe("whatever goes wrong, no job is lost, run twice at once, or charged for another", () => {
  for (let first = from; first < from + count; first += perTest) {
    const last = Math.min(first + perTest, from + count) - 1;
    test(`seeds ${first} to ${last}`, () => {
      for (let seed = first; seed <= last; seed++) tryOut(seed);
    }, 60_000);
  }
});

test("the same seed is the same story", () => {
  expect(story(from)).toEqual(story(from));
  expect(story(from)).not.toEqual(story(from + 1));
});

function tryOut(seed: number): void {
  try {
    simulate(seed);
  } catch (error) {
    const end = story(seed).slice(-lastLines).join("\n");
    const again = `bun test/simulation/simulate.ts ${seed} --trace`;
    throw new Error(`seed ${seed}: ${(error as Error).message}\n\n${end}\n\nOnce more: ${again}\n`);
  }
}

function story(seed: number): string[] {
  const lines: string[] = [];
  try {
    simulate(seed, (line) => lines.push(line));
  } catch {
    // It is told how it went until then.
  }
  return lines;
}
