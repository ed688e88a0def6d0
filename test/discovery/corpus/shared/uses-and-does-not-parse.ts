import { defineTask } from "./library.ts";

defineTask("no", = 1);
