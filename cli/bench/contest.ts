/** How many jobs a second are enqueued with one call after the other, with 200 calls in flight, with calls for 1,000 each; and worked off. */
export const contests = ["one at a time", "in flight", "bulk", "drain"] as const;
export type ContestName = (typeof contests)[number];

/** What every job is given, and what its task returns: its `index`. */
export interface Payload {
  index: number;
  text: string;
}

/** Each call rejects if something fails. */
export interface Contest {
  /** Adds one job; resolves when it is confirmed. */
  enqueue(payload: Payload): Promise<unknown>;
  /**
   * Adds these with one call, where there is such a call; resolves when all are confirmed. No worker takes them before
   * `drain`.
   */
  enqueueMany(payloads: readonly Payload[]): Promise<unknown>;
  /**
   * Lets its workers begin with the `count` jobs that wait, and resolves when what each returned is stored. What had to
   * start is ready and has worked off some jobs after the first call, for all calls after that.
   */
  drain(count: number): Promise<unknown>;
  /**
   * How often each job was delivered, by its index, and that its result is stored; asked after the last `drain`.
   * @throws where a result is not what the job returned.
   */
  delivered(): Promise<Map<number, number>>;
  close(): Promise<void>;
}

const words = "the quick brown fox jumps over the lazy dog ".repeat(2);

/** About 100 bytes each, as JSON. */
export function payloads(from: number, count: number): Payload[] {
  return Array.from({ length: count }, (_, place) => ({ index: from + place, text: words }));
}
