import { task } from "nuvom";

using file = open("task('no')");
await using connection = await connect();
task("using", () => file);
