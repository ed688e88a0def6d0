import * as nuvom from "nuvom";

export const a = nuvom.task("namespace", () => 1);
export const b = nuvom
  .task("namespace.next-line", () => 2);
const { task: fromNamespace } = nuvom;
export const c = fromNamespace("namespace.taken-out", () => 3);
