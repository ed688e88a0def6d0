import { task } from "nuvom";

const job = task;
export const a = job("renamed-constant", () => 1);
