import { task as ours, Nuvom } from "nuvom";

export { ours as defineTask, Nuvom };
export * as scheduler from "nuvom";
export default ours;
export const another = ours;
