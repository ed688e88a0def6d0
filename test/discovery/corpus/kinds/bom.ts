import { task } from "nuvom";

task("bom", () => 1);
