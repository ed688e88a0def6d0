export { task } from "other";
export type { task as typeOnly } from "nuvom";
