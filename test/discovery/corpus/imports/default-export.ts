import { task } from "nuvom";

export default task("default-export", { run: () => 1 });
