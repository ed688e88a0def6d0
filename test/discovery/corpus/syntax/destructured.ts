import { task } from "nuvom";

const { a = task("destructured.default", () => 1), ...rest } = {} as Record<string, unknown>;
const [b = task("destructured.array", () => 1)] = [];
function inner({ task }: { task: (name: string) => void }) {
  task("no");
}
const arrow = ([task]: [(name: string) => void]) => task("no");
const deep = ({ x: { y: [task] } }: any) => { task("no"); };
export { a, b, rest };
