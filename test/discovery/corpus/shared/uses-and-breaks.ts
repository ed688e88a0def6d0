import { defineTask } from "./library.ts";

defineTask(`shared.${process.pid}`, () => 1);
function f() { defineTask("shared.inside", () => 1); }
