import { Nuvom } from "nuvom";

function task(name: string) { return new Nuvom(); }
task("no");
