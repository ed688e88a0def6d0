import { defineTask } from "@shared";
import { task } from "~/everything/index.ts";

defineTask("shared.path", () => 1);
task("shared.path.star", () => 1);
