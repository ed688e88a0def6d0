import { task } from "nuvom";

task("not-exported", () => 1);
void task("not-exported.void", () => 1);
const kept = task("not-exported.kept", () => 1);
