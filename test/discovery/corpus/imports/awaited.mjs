const { task } = await import("nuvom");
const lazy = await import("nuvom");

export const a = task("awaited.a", () => 1);
export const b = lazy.task("awaited.b", () => 1);
