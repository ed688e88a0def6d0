import { existsSync } from "node:fs";

/** So that a condition that never comes true fails its test instead of holding up the run. */
const longEnough = 100_000;

/** Resolves when the file is there or the condition holds. */
export async function until(
  condition: string | (() => Promise<boolean>),
  patience = longEnough,
): Promise<void> {
  const holds = typeof condition === "string" ? async () => existsSync(condition) : condition;
  const deadline = performance.now() + patience;
  for (let pause = 5; !(await holds()); pause = Math.min(pause * 1.1, 50)) {
    if (performance.now() > deadline) throw new Error(`this did not come true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
