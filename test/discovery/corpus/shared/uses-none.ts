import { task, typeOnly } from "./not-ours.ts";
import { extra } from "./everything/index.ts";
import type { defineTask } from "./library.ts";

task("no"); typeOnly("no"); extra("no");
(defineTask as any)("no");
