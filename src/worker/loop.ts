import type { Clock } from "../clock.ts";

const firstRetryPause = 100;
const longestRetryPause = 1_000;

/**
 * Repeats a step: when the step asked to be repeated, or earlier if it is woken. Steps never overlap. A step that
 * throws is repeated after a pause that doubles, which no wake-up shortens.
 */
export class Loop {
  #state: "idle" | "scheduled" | "stepping" | "pausing" | "stopped" = "idle";
  #wokenWhileStepping = false;
  #failures = 0;
  #callOff = () => {};

  constructor(
    private readonly clock: Clock,
    /** Returns the time of the next step, `null` for none before it is woken. */
    private readonly step: () => Promise<number | null>,
    private readonly failed: (error: unknown, retryIn: number) => void,
  ) {}

  /** Steps soon: what happens in the same turn of the event loop is left to one step. */
  wake(): void {
    if (this.#state === "stepping") this.#wokenWhileStepping = true;
    if (this.#state !== "idle") return;
    this.#callOff();
    this.#state = "scheduled";
    setImmediate(() => this.#run());
  }

  stop(): void {
    this.#state = "stopped";
    this.#callOff();
  }

  async #run(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "stepping";
    this.#wokenWhileStepping = false;
    try {
      const next = await this.step();
      this.#failures = 0;
      this.#rest(next);
    } catch (error) {
      // Whoever stopped it may have closed what the step was using.
      if (this.#isStopped()) return;
      const pause = Math.min(longestRetryPause, firstRetryPause * 2 ** this.#failures++);
      this.#state = "pausing";
      this.#callOff = this.clock.after(pause, () => this.#run());
      this.failed(error, pause);
    }
  }

  #rest(next: number | null): void {
    if (this.#isStopped()) return;
    this.#state = "idle";
    if (this.#wokenWhileStepping) return this.wake();
    if (next !== null)
      this.#callOff = this.clock.after(Math.max(0, next - this.clock.now()), () => this.wake());
  }

  // A method, as the step may have stopped the loop behind the type checker's back.
  #isStopped(): boolean {
    return this.#state === "stopped";
  }
}
