import type { Clock } from "../clock.ts";

/** A ring that comes later than this has been held up by the program itself. */
const tolerance = 20;

/** How often it waits once more: on some machines every timer is late. */
const mostDelays = 5;

/**
 * One timer for all that may be due: it is only set again for something earlier. If the program was too busy to ring
 * in time, it rings a moment later still, and again if it was busy then, so that what arrived meanwhile is heard before
 * anything is judged by it.
 */
export class Alarm {
  #at: number | null = null;
  #callOff = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  set(at: number): void {
    if (this.#at !== null && this.#at <= at) return;
    this.#callOff();
    this.#at = at;
    this.#arm(at, mostDelays);
  }

  #arm(at: number, delays: number): void {
    this.#callOff = this.clock.after(Math.max(0, at - this.clock.now()), () => {
      const now = this.clock.now();
      if (now - at <= tolerance || delays === 0) this.#ringNow();
      else this.#arm(now + tolerance, delays - 1);
    });
  }

  cancel(): void {
    this.#callOff();
    this.#at = null;
  }

  #ringNow(): void {
    this.#at = null;
    this.ring();
  }
}
