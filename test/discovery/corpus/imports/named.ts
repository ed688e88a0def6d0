import { task } from "nuvom";

export const add = task("named", async ({ x, y }: { x: number; y: number }) => x + y);
