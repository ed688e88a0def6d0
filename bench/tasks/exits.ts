import { task } from "nuvom";

/** Ends its process. */
export const exits = task("bench.exits", { retry: { attempts: 1 }, run: () => process.exit(1) });
