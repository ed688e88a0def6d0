import { task } from "nuvom";

task("duplicate", () => 1);
