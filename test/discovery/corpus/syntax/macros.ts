import { build } from "./macro.ts" with { type: "macro" };
import { task } from "nuvom";

const built = build("task('no')");
task("macros", () => built);
