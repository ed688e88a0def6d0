import { task } from "nuvom";

task(`template`, () => 1);
task(`template ${"substituted"} ${1 + 1}`, () => 1);
task(String.raw`template.tagged`, () => 1);
task(`template \`quoted\` \${no}`, () => 1);
