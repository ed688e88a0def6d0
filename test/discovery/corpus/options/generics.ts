import { task } from "nuvom";

task<Input, Map<string, Array<Set<Output>>>>("generics.call", (x) => new Map());
task<
  { a: "task('no')" },
  (x: number) => x is 1
>("generics.lines", () => 1);
const less = 1 < 2 || task("generics.compared", () => 1) > (3);
type Input = Parameters<typeof task>[0];
type Output = ReturnType<typeof task<Input>>;
