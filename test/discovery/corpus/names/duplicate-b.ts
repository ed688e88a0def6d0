import { task } from "nuvom";

task("duplicate", () => 2);
task("duplicate.only-here", () => 2);
