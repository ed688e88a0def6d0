/** A peer that has done nothing for so long, in milliseconds, has lost the jobs that are left. */
const patience = 30_000;
const idle = `and nothing has happened for ${patience / 1_000} s`;

export type Progress = ReturnType<typeof trackProgress>;

/** What a contestant's handler was given, and when a drain is over. */
export function trackProgress() {
  const times = new Map<number, number>();
  let left = 0;
  let drained: PromiseWithResolvers<void> | null = null;
  let failure: Error | null = null;
  return {
    /** Counts a delivery, and returns what the job is to return. */
    deliver({ index }: { index: number }): number {
      times.set(index, (times.get(index) ?? 0) + 1);
      return index;
    },
    /** One more result is stored. */
    stored() {
      if (--left === 0) drained?.resolve();
    },
    /** Ends this drain, or what is called next. */
    fail(error: unknown) {
      failure ??= error instanceof Error ? error : new Error(String(error));
      drained?.reject(failure);
    },
    /** Begins a drain; resolves when the results of `count` jobs are stored from now on. */
    async drain(count: number, begin: () => unknown) {
      check();
      left = count;
      drained = Promise.withResolvers();
      const watch = watchProgress(() => left, drained.reject);
      try {
        await Promise.all([begin(), drained.promise]);
      } finally {
        clearInterval(watch);
      }
    },
    /**
     * How often each job was delivered whose result is stored.
     * @throws where a result is not what the job returned, and what has failed.
     */
    delivered(results: Iterable<{ index: number; result: unknown }>): Map<number, number> {
      const handled = this.handled();
      const delivered = new Map<number, number>();
      for (const { index, result } of results) {
        if (result !== index) throw new Error(`Job ${index} returned ${index}, but ${result} is stored.`);
        delivered.set(index, handled.get(index) ?? 0);
      }
      return delivered;
    },
    /** The same for a peer that stores no results. */
    handled() {
      check();
      return times;
    },
  };

  function check() {
    if (failure) throw failure;
  }
}

function watchProgress(left: () => number, stop: (error: Error) => void) {
  let before = left();
  return setInterval(() => {
    if (left() === before) stop(new Error(`${before} jobs are left, ${idle}.`));
    before = left();
  }, patience);
}

/**
 * For a peer that does not tell when a result is stored: asks every 5 ms for a job that is left, until there is none.
 * @throws if it is the same one for too long.
 */
export async function untilNoneLeft(nextLeft: () => unknown) {
  let before: unknown;
  let since = performance.now();
  for (let next = await nextLeft(); next != null; next = await nextLeft()) {
    if (next !== before) since = performance.now();
    else if (performance.now() - since > patience) throw new Error(`Job ${next} is left, ${idle}.`);
    before = next;
    await Bun.sleep(5);
  }
}
