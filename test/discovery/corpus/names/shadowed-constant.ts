import { task } from "nuvom";

const NAME = "shadowed.outer";
{
  const NAME = "shadowed.inner";
  task(NAME, () => 1);
}
for (const NAME of ["a", "b"]) {
  task(NAME, () => 1);
}
task(NAME, () => 1);
