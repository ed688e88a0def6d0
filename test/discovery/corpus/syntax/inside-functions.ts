import { task } from "nuvom";

function later() {
  return task("inside.function", () => 1);
}
const arrow = () => task("inside.arrow", () => 1);
class Service {
  field = task("inside.field", () => 1);
  static { task("inside.static-block", () => 1); }
  method() { task("inside.method", () => 1); }
}
export const makeTask = (name: string) => task(name, () => 1);
(async () => { task("inside.immediately", () => 1); })();
task("inside.not", () => task("inside.run", () => 1));
