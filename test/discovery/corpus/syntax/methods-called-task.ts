import { task } from "nuvom";

class Queue {
  #task(name: string) {}
  static task(name: string) {}
  get task() { return this.#task("no"); }
  async *task2() { yield this.task("no"); }
}
const object = { task(name: string) {}, async task(name: string) {}, "task": 1, ["task"]: task };
object.task("no");
object?.task("no");
Queue.task("no");
new Queue().task("no");
object["task"]("no");
super_.task("no").task("no");
