import { task } from "nuvom";
import { z } from "zod";

/** Wants more than the test gives it; by itself, as zod takes a process longer to load than all else. */
export const fits = task("fits", {
  retry: { attempts: 1 },
  input: z.object({ name: z.string() }),
  run: ({ name }) => name,
});
