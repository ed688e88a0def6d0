import { task } from "nuvom";

@sealed
@component({ selector: "task('no')" })
class Service {
  @input() accessor name = "task";
  constructor(@inject("task") private readonly queue: Queue) {}
  @task("decorators.method") run() {}
}
task("decorators.end", () => 1);
