/** Where time comes from. Everything that waits or dates something takes one, so that a test can turn it. */
export interface Clock {
  /** The Unix time in milliseconds. */
  now(): number;
  /** Calls back once, `delay` milliseconds from now. Returns the function that calls it off. */
  after(delay: number, callback: () => void): () => void;
}

/** `setTimeout` fires at once for a longer delay than this. */
const longestTimer = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: Date.now,
  after(delay, callback) {
    const timer = setTimeout(callback, Math.min(delay, longestTimer));
    return () => clearTimeout(timer);
  },
};
