/** A figure, or its ratio to another one, that Nuvom is to reach. */
export interface Aim {
  measurement: string;
  contestant: string;
  /**
   * The aim is the ratio to this figure: of the same measurement or contestant, where it names none. Of several contestants
   * it is the one with the highest figure; `ceiling` is the first of that kind of which the measurement is known.
   */
  comparedWith?: { measurement?: string; contestants?: readonly string[] } | "ceiling";
  bound: { atLeast: number } | { atMost: number };
  /** What holds it back, in a sentence; shown only while it is not reached. */
  heldBack?: string;
}

const sqlite = { contestant: "Nuvom on SQLite" };
const redis = { contestant: "Nuvom on Redis" };
const bunqueue = { contestants: ["bunqueue", "bunqueue, durable"] };
const plainjob = { contestants: ["plainjob"] };
const bullmq = { contestants: ["BullMQ", "BullMQ, Bun's Redis client"] };
const sandboxed = { contestants: ["BullMQ, sandboxed", "BullMQ, sandboxed, Bun's Redis client"] };
const ceiling = "ceiling";

const likeCeiling = "the bare calls themselves do not reach it on this machine";
const synced =
  "each job is synced to the disk, which bunqueue does not do: the bare commit alone takes longer";
const countedCommit =
  "a commit writes a page more, with the counts of the queue, and a call is checked, encoded and grouped with others";
const seenLate =
  "part of it is the call of enqueue, which ends with a commit to a disk that was idle; and of a log that was written, another program can only look, each millisecond, whether it is committed";
const rehashed =
  "Redis moves the entries of hashes and sets that have outgrown 2^22 bit by bit, with each command on them";

const contests: Aim[] = [
  of("sqlite/in flight", sqlite, bunqueue, 10, likeCeiling),
  of("sqlite/in flight", sqlite, { ...bullmq, measurement: "redis/in flight" }, 4, likeCeiling),
  of("sqlite/in flight", sqlite, ceiling, 0.35),
  of("sqlite/bulk", sqlite, bunqueue, 4, "besides what the bare calls do, each job is checked and encoded"),
  of("sqlite/bulk", sqlite, ceiling, 0.6),
  of("sqlite/one at a time", sqlite, bunqueue, 1, synced),
  of("sqlite/one at a time", sqlite, ceiling, 0.85, countedCommit),
  of("sqlite/drain", sqlite, plainjob, 4),
  of("sqlite/drain", sqlite, { ...bullmq, measurement: "redis/drain" }, 4, likeCeiling),
  of("sqlite/drain", sqlite, { ...sandboxed, measurement: "redis/drain" }, 20, likeCeiling),
  of("sqlite/drain", sqlite, ceiling, 0.65),
  of("redis/in flight", redis, bullmq, 4, likeCeiling),
  of("redis/in flight", redis, ceiling, 0.75, "a job has three entries, where the bare scripts have two"),
  of("redis/bulk", redis, bullmq, 5, likeCeiling),
  of("redis/bulk", redis, ceiling, 0.7),
  of("redis/drain", redis, bullmq, 3.5, likeCeiling),
  of("redis/drain", redis, sandboxed, 15, likeCeiling),
  of("redis/drain", redis, ceiling, 0.65),
];

const others: Aim[] = [sqlite, redis].flatMap((nuvom) => [
  {
    ...nuvom,
    measurement: "latency/enqueue to start, p50",
    bound: { atMost: 3 },
    ...(nuvom === sqlite && { heldBack: seenLate }),
  },
  { ...nuvom, measurement: "latency/enqueue to start, p99", bound: { atMost: 15 } },
  { ...nuvom, measurement: "latency/idle CPU", bound: { atMost: 1 } },
  ...["pending", "future"].map((state) => ({
    ...nuvom,
    measurement: `claim/100 beside 5,000,000 ${state}`,
    comparedWith: { measurement: `claim/100 beside 1,000 ${state}` },
    bound: { atMost: 1.3 },
    ...(nuvom === redis && { heldBack: rehashed }),
  })),
  {
    ...nuvom,
    measurement: "memory/worker, after 300,000 jobs",
    comparedWith: { measurement: "memory/worker, after 100,000 jobs" },
    bound: { atMost: 1.1 },
  },
]);

/** What Nuvom is to be, on a machine of 2 cores. */
export const aims: readonly Aim[] = [...contests, ...others];

function of(
  measurement: string,
  { contestant }: { contestant: string },
  comparedWith: NonNullable<Aim["comparedWith"]>,
  atLeast: number,
  heldBack?: string,
): Aim {
  return { measurement, contestant, comparedWith, bound: { atLeast }, ...(heldBack && { heldBack }) };
}
