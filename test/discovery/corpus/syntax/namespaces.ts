import { task } from "nuvom";

declare module "other" { export function task(name: "no"): void; }
declare global { var task2: typeof task; }
declare namespace Types { function task(name: "no"): void; }
abstract class Base { abstract task(name: "no"): void; declare task3: string; }
interface Shape { task(name: "no"): void; new (task: "no"): Shape }
function overloaded(task: "no"): void;
function overloaded(task: unknown) {}
type Mapped = { [task in "no"]: typeof task };
task("namespaces.end", () => 1);
