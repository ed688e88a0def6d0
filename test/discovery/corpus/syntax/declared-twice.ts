import { task } from "nuvom";
function task(name: string) {}
task("no");
