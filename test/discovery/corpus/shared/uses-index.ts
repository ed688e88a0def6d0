import { task } from "./everything";
import { task as again } from "./everything/";

task("shared.index", () => 1);
again("shared.index.slash", () => 1);
