/** As the prelude of the scripts takes them. */
const parts = [
  "jobs",
  "changes",
  "ids",
  "high",
  "normal",
  "low",
  "parked",
  "running",
  "cancelling",
  "keys",
  "finished",
  "expiring",
  "wake",
  "count",
];

/** The names of all keys of a storage. Those of a queue share a hash tag, so that they stay together if it is sharded. */
export function storageKeys(prefix: string) {
  const ofQueue = (queue: string, part: string) =>
    `${prefix}:{${queue.replace(/[%{}]/g, encodeURIComponent)}}:${part}`;
  /** Made once: a script is called with all of them. */
  const known = new Map<string, readonly string[]>();
  return {
    /** Where scripts put what one handle is to read. */
    handoff: `${prefix}:handoff:${crypto.randomUUID()}`,
    /** By name, whether it is paused. */
    queues: `${prefix}:queues`,
    /** At most one token, for one of the workers that serve every queue and wait. */
    anyWake: `${prefix}:wake`,
    /** Their records, by id. */
    workers: `${prefix}:workers`,
    /** The ids of the workers by the end of their lease. */
    leases: `${prefix}:leases`,
    /** By the id of a worker, how many jobs it runs. */
    holding: `${prefix}:holding`,
    /** By id. */
    schedules: `${prefix}:schedules`,
    /** The ids of the schedules that are not paused and have a next occurrence, by its time. */
    upcoming: `${prefix}:upcoming`,
    wake: (queue: string) => ofQueue(queue, "wake"),
    ofQueue(queue: string): readonly string[] {
      const all = known.get(queue) ?? parts.map((part) => ofQueue(queue, part));
      known.set(queue, all);
      return all;
    },
  };
}
