import { task } from "nuvom";
export const a = task("common.cts", () => 1 as unknown as string);
