import type { Clock } from "../clock.ts";

/** One timer for all that may be due: it is only set again for something earlier. */
export class Alarm {
  #at: number | null = null;
  #callOff = () => {};

  constructor(
    private readonly clock: Clock,
    /** Told by how many milliseconds it comes too late. */
    private readonly ring: (lateBy: number) => void,
  ) {}

  set(at: number): void {
    if (this.#at !== null && this.#at <= at) return;
    this.#callOff();
    this.#at = at;
    this.#callOff = this.clock.after(Math.max(0, at - this.clock.now()), () => {
      this.#at = null;
      this.ring(this.clock.now() - at);
    });
  }

  cancel(): void {
    this.#callOff();
    this.#at = null;
  }
}
