import { task } from "nuvom";

task("no", () => 1);
export const x = = 1;
