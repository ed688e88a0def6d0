import { task } from "nuvom";

const NAME = "constants.plain";
export const EXPORTED = `constants.exported`;
const TYPED: string = "constants.typed";
const FROZEN = "constants.as-const" as const;
let changing = "constants.let";
task(NAME, () => 1);
task(EXPORTED, () => 1);
task(TYPED, () => 1);
task(FROZEN, () => 1);
task(BELOW, () => 1);
task(changing, () => 1);
const BELOW = "constants.below";
