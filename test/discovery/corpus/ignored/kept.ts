import { task } from "nuvom"; task("kept", () => 1);
