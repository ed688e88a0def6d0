import { task } from "nuvom";

export const throwing = task("throws-at-import", { retry: { attempts: 1 }, run: () => "never" });

throw new Error("this file breaks");
