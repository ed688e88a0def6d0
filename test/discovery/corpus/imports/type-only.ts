import type { task } from "nuvom";
import { type task as alsoAType, Nuvom } from "nuvom";

declare const define: typeof task;
declare const other: typeof alsoAType;
define("no", () => 1);
other("no", () => 1);
export const client = new Nuvom();
