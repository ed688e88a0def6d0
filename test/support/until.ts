import { existsSync } from "node:fs";

/** Resolves when the file is there or the condition holds; the test's own timeout is the limit. */
export async function until(condition: string | (() => Promise<boolean>)): Promise<void> {
  const holds = typeof condition === "string" ? async () => existsSync(condition) : condition;
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
