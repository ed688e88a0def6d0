import { task } from "nuvom";

task("\u0065scapes.\x61\u{1F600}", () => 1);
task('escapes.it\'s "quoted"', () => 1);
task("escapes.line\
continued", () => 1);
