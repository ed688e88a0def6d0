import { task } from "nuvom"; task("no", () => 1);
