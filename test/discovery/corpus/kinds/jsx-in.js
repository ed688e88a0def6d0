import { task } from "nuvom";

export const a = task("jsx-in.js", () => <>{"task('no')"}</>);
