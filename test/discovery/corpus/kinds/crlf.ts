import { task } from "nuvom";

/* task("no")
   task("no") */
task(
  "crlf",
  () => `a
b`,
);
task("crlf.second", () => 1);
