import { task } from "nuvom";
import { NAME } from "./elsewhere.ts";

task(NAME, () => 1);
task("a" + NAME, () => 1);
task(NAME ? "a" : "b", () => 1);
task(...(["a", () => 1] as const));
task(Names.Sum, () => 1);
task("not-static.fine", () => 1);
task(enumerated(), () => 1);
