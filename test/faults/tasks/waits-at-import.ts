import { task } from "nuvom";

export const waiting = task("waits-at-import", { retry: { attempts: 1 }, run: () => "never" });

await new Promise(() => {});
