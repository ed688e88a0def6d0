import { task } from "nuvom"
const a = task("semicolons.a", () => 1)
const b = task("semicolons.b", () => 1)
let c = 1
++c
task("semicolons.c", () => 1)
;[1].map(String)
;`x`.at(0)
