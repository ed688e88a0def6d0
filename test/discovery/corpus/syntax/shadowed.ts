import { task } from "nuvom";

{ const task = (name: string) => name; task("no"); }
{ function task(name: string) {} task("no"); }
{ class task { constructor(name: string) {} } new task("no"); }
for (const task of []) (task as any)("no");
for (let task = (x: string) => 1; ; ) { task("no"); break; }
try {} catch (task: any) { task("no"); }
switch (1) { case 1: { let task = (x: string) => x; task("no"); } }
function parameter(task: any) { task("no"); }
const arrow = async (task: any) => { await task("no"); };
const named = function task(name: string) { if (name) task("no"); };
task("shadowed.not-here", () => 1);
