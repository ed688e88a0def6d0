import { defineTask } from "./library";

export const a = defineTask("shared.named", () => 1);
