import { Nuvom, task as define, type JobContext } from "nuvom";

export const client = new Nuvom();
export const a = define("aliased", async (_: unknown, { log }: JobContext) => log("task('no')"));
