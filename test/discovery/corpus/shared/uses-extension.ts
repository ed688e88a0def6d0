import { another as t } from "./library.ts";
import { defineTask } from "./library.js";

t("shared.constant", () => 1);
defineTask("shared.js", () => 1);
