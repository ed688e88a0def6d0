export const a = task("import-below", () => 1);

import { task } from "nuvom";
