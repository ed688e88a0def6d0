import "nuvom";

declare function task(name: string): void;
task("no");
