import { task } from "nuvom";

process.env.A && task("logical.and", () => 1);
const x = process.env.B ?? task("logical.nullish", () => 1);
export const y = !task("logical.not", () => 1), z = [...[task("logical.spread", () => 1)]];
