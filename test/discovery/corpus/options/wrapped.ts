import { task } from "nuvom";
import type { Options } from "./types.ts";

task("wrapped.satisfies", { queue: "a", run: () => 1 } satisfies Options);
task("wrapped.as-const", { queue: "a", run: () => 1 } as const);
task("wrapped.both", ({ run: () => 1 } as const satisfies Options));
task("wrapped.asserted", <Options>{ run: () => 1 });
(task as (name: string, run: () => number) => unknown)("wrapped.callee", () => 1);
task!("wrapped.not-null", () => 1);
