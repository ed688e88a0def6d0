import type { Clock } from "../clock.ts";

/** A ring that comes later than this has been held up by the program itself. */
const tolerance = 20;

/**
 * One timer for all that may be due: it is only set again for something earlier. If the program was too busy to ring
 * in time, it rings a moment later still, so that what arrived meanwhile is heard before anything is judged by it.
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
    this.#callOff = this.clock.after(Math.max(0, at - this.clock.now()), () => {
      if (this.clock.now() - at <= tolerance) this.#ringNow();
      else this.#callOff = this.clock.after(tolerance, () => this.#ringNow());
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
