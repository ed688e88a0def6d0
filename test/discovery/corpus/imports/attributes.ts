import settings from "./settings.json" with { type: "json" };
import { task } from "nuvom" with { note: "task('no')" };

export const a = task("attributes", () => settings);
