import { scheduler } from "./library.ts";

scheduler.task("shared.namespace", () => 1);
