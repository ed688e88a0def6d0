import { task } from "nuvom";
import { z } from "zod";

/** Stands for work that is too slow or too risky for a request: here it only counts letters. */
export const analyse = task("text.analyse", {
  input: z.object({ text: z.string().max(100_000) }),
  run({ text }) {
    const letters: Record<string, number> = {};
    for (const letter of text.toLowerCase()) letters[letter] = (letters[letter] ?? 0) + 1;
    return { length: text.length, letters };
  },
});
