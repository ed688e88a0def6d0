import type { Clock } from "../clock.ts";
import type { Storage } from "../storage/storage.ts";
import type { WorkerEvent } from "./events.ts";
import type { Verdict } from "./outcome.ts";

export interface VerdictOptions {
  storage: Storage;
  clock: Clock;
  worker: string;
  emit(event: WorkerEvent): void;
  /** Called with each that the storage has recorded. */
  settled(verdict: Verdict): void;
}

/** How many bytes of results and notes are recorded at once: more would keep the worker from its heartbeat. */
const batchBytes = 8 * 1024 * 1024;

/** What became of jobs, until the storage has recorded it. */
export class Verdicts {
  #waiting: Verdict[] = [];

  constructor(private readonly options: VerdictOptions) {}

  get count(): number {
    return this.#waiting.length;
  }

  has(id: string): boolean {
    return this.#waiting.some(({ job }) => job.id === id);
  }

  add(...verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) this.#waiting.push(verdict);
  }

  /** Records the first of them; all unless together they are too large. */
  async settle(): Promise<void> {
    const batch = this.#firstBatch();
    if (batch.length === 0) return;
    const { storage, clock, worker, emit, settled } = this.options;
    const outcomes = batch.map(({ outcome }) => outcome);
    const calledAt = performance.now();
    const applied = await storage.settle(worker, outcomes, clock.now());
    emit({ type: "settled", jobs: batch.length, duration: performance.now() - calledAt });
    this.#waiting = this.#waiting.slice(batch.length);
    for (const [index, verdict] of batch.entries()) {
      if (applied[index]) {
        if (verdict.event) emit(verdict.event);
        settled(verdict);
      } else emit({ type: "refused", id: verdict.job.id });
    }
  }

  #firstBatch(): Verdict[] {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ outcome }, index) => {
      bytes += outcome.notes?.length ?? 0;
      bytes += outcome.kind === "succeeded" ? outcome.result.length : 0;
      return bytes > batchBytes && index > 0;
    });
    return this.#waiting.slice(0, end < 0 ? this.#waiting.length : end);
  }
}
