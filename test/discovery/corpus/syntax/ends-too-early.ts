import { task } from "nuvom";
task("no", {
