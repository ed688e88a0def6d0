/** What stands for all queues that have no series of their own. */
export const otherQueues = "other";

/** Keeps the first names that it sees, so many, and answers {@link otherQueues} for all that come later: each makes a series. */
export function bounded(most: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (known.has(name)) return name;
    if (known.size >= most) return otherQueues;
    known.add(name);
    return name;
  };
}
