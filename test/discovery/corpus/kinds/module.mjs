import { task } from "nuvom";
export const a = task("module.mjs", () => 1);
