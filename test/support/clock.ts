import type { Clock } from "../../src/clock.ts";

/** A clock that stands still until it is turned. */
export class VirtualClock implements Clock {
  #time: number;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  constructor(start = 1_700_000_000_000) {
    this.#time = start;
  }

  now = () => this.#time;

  after(delay: number, callback: () => void): () => void {
    const timer = { at: this.#time + delay, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Turns it on without calling anybody back, as when the machine slept. */
  skip(milliseconds: number): void {
    this.#time += milliseconds;
  }

  /** Turns it on, calling back in order what falls due on the way, and what that sets in motion. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#time + milliseconds;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#time = Math.max(this.#time, next.at);
      next.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#time = end;
  }
}
