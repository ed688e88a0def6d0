import { task } from "nuvom";

export const looping = task("loops-at-import", { retry: { attempts: 1 }, run: () => "never" });

for (;;);
