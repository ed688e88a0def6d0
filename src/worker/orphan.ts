import { libc } from "./libc.ts";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;

/**
 * Has Linux kill this process when its parent dies. Elsewhere an orphan ends when it next listens, which one that is
 * in an endless loop never does.
 */
export function dieWithParent(): void {
  libc({ prctl: { args: ["i32", "u64"], returns: "i32" } })?.prctl(PR_SET_PDEATHSIG, SIGKILL);
}
