import { VirtualClock as StandingClock } from "../../src/testing/clock.ts";

/** A clock that stands still until it is turned. */
export class VirtualClock extends StandingClock {
  /** Turns it on, calling back in order what falls due on the way, and what that sets in motion. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.now() + milliseconds;
    while (this.next <= end) {
      this.ring();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.skip(end - this.now());
  }
}
