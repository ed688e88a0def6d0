/** The same answer for so many milliseconds, also for all who ask while it is being found out. */
export function cached<T>(find: () => Promise<T>, milliseconds: number): () => Promise<T> {
  let found: { answer: Promise<T>; until: number } | undefined;
  return () => {
    const now = performance.now();
    if (!found || now >= found.until) found = { answer: find(), until: now + milliseconds };
    return found.answer;
  };
}
