import { task } from "other-tasks";
import { Nuvom } from "nuvom";

task("no", () => new Nuvom());
