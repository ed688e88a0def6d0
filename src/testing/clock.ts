import type { Clock } from "../clock.ts";

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

  /** When it calls back next, `Infinity` if nobody waits for it. */
  get next(): number {
    return Math.min(...[...this.#timers].map(({ at }) => at));
  }

  /** Turns it on without calling anybody back, as when the machine slept. */
  skip(milliseconds: number): void {
    this.#time += milliseconds;
  }

  /** Calls back whom it would call next, at the time that this one waits for. */
  ring(): void {
    const { next } = this;
    for (const timer of this.#timers) {
      if (timer.at !== next) continue;
      this.#timers.delete(timer);
      this.#time = Math.max(this.#time, next);
      return timer.callback();
    }
  }
}
