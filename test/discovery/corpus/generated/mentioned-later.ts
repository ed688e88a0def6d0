import { task } from "nuvom";
// What @generated files define is not found.
task("generated.mentioned", () => 1);
