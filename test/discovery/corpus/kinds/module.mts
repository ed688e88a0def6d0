import { task } from "nuvom";

const identity = <T>(x: T): T => x;
export const a = task("module.mts", identity);
