import { task } from "nuvom";

enum Names {
  Add = "enum.add",
  Sub = "enum.sub",
}
const enum Fixed {
  Mul = "enum.mul",
}
task(Names.Add, () => 1);
task(Fixed.Mul, () => 1);
