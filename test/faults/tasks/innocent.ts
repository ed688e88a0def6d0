/** Tasks that do no harm. */
import { existsSync, writeFileSync } from "node:fs";
import { task } from "nuvom";

/** Says that it has begun, and goes on until a file is there. */
export const neighbour = task("neighbour", {
  retry: { attempts: 1 },
  async run({ begun, go }: { begun: string; go: string }) {
    writeFileSync(begun, "");
    while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 5));
    return "well";
  },
});

// Another task replaces it.
const { now } = Date;

/** When it ran, in Unix milliseconds. */
export const probe = task("probe", { retry: { attempts: 1 }, run: () => now() });
