import { task } from "nuvom";

const named = function task(name: string) { task("no"); };
const listed = [async function* task(name: string) { task("no"); }, class task { static again = () => new task(); }];
if (named) {
  (function task(name: string) {})("no");
  task("expressions.in-block", () => listed);
}
function declares() {
  function task(name: string) {}
  task("no");
}
task("expressions.end", () => 1);
