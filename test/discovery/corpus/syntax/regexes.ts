import { task } from "nuvom";

const quotes = [/["'`]/g, /[/"]\//, /\/"/, /'/.source, /`${"a"}/];
if (quotes) /task("no")"/.test("");
const ratio = 4 / 2 / "1".length / [1][0]! / quotes.length;
const f = (x: string) => /'/.test(x) ? 1 : / task\("no"\)/.exec(x);
let i = 1; i++ / 2; task("regexes.after-division", () => i /2/ 1);
const v = /[\p{L}--[a-z]]/v; const more = /(?<task>task\("no"\))"/u;
task("regexes.end", () => f("/"));
