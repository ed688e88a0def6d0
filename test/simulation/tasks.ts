import { encode } from "../../src/codec.ts";
import type { Isolation } from "../../src/definition.ts";
import { type Task, task } from "../../src/index.ts";
import type { Described } from "../../src/worker/protocol.ts";
import type { Random } from "./random.ts";

/** How a job behaves. Its input says so, and its task is called after it. */
export interface Work {
  kind: Kind;
  /** Milliseconds until it does what it does. */
  takes: number;
  /** How many of its attempts fail, or how often it puts itself off. */
  fails: number;
}

export type Kind = keyof typeof kinds;

interface Manner {
  /** Milliseconds: the shortest and the longest time that it takes. */
  takes: readonly [number, number];
  timeout: number | "none";
  attempts: number;
  /** How often it is chosen, compared with others. */
  weight: number;
  /** What it ends as, after how many attempts, unless somebody cancels it. */
  ends: "succeeded" | "failed";
  afterAttempts: "one" | "all" | "those that fail";
  /** Whether it may bring down its process, so that it may also end by the limit of crashes. */
  isDangerous?: true;
  /** What comes of importing its file. */
  importing?: "throws" | "never ends";
  /** What its source says. */
  isolation?: Isolation;
  /** What the workers of the older sources cannot do with it. */
  olderWorkers?: "do not know it" | "find its input unfit";
}

const well = { ends: "succeeded", afterAttempts: "one" } as const;
const badly = { ends: "failed", afterAttempts: "all" } as const;

export const kinds = {
  quick: { takes: [0, 2], timeout: "none", attempts: 3, weight: 8, ...well },
  good: { takes: [5, 400], timeout: 2_000, attempts: 1, weight: 6, ...well },
  slow: { takes: [1_000, 14_000], timeout: 20_000, attempts: 3, weight: 3, ...well },
  /** Ends as soon as its signal says so. */
  polite: { takes: [50, 1_500], timeout: 2_000, attempts: 2, weight: 3, ...well },
  /** Outlives the lease of a worker. */
  long: { takes: [12_000, 40_000], timeout: "none", attempts: 1, weight: 2, ...well },
  /** Ends well, but lets its process do nothing else meanwhile. */
  busy: { takes: [100, 3_500], timeout: 10_000, attempts: 2, weight: 2, ...well },
  /** Asks for a process of its own. */
  alone: { takes: [0, 400], timeout: 5_000, attempts: 1, weight: 2, isolation: "job", ...well },
  modern: { takes: [0, 50], timeout: 5_000, attempts: 1, weight: 1, olderWorkers: "do not know it", ...well },
  refitted: {
    takes: [0, 50],
    timeout: 5_000,
    attempts: 1,
    weight: 1,
    olderWorkers: "find its input unfit",
    ...well,
  },
  /** Puts itself off as often as it is to fail, which costs no attempt. */
  early: { takes: [0, 50], timeout: 5_000, attempts: 1, weight: 2, ...well },
  flaky: {
    takes: [5, 400],
    timeout: 2_000,
    attempts: 4,
    weight: 2,
    ends: "succeeded",
    afterAttempts: "those that fail",
  },
  failing: { takes: [0, 300], timeout: 2_000, attempts: 3, weight: 2, ...badly },
  /** Says that another attempt would not help. */
  hopeless: { takes: [0, 300], timeout: 2_000, attempts: 3, weight: 1, ends: "failed", afterAttempts: "one" },
  unloadable: { takes: [0, 0], timeout: 2_000, attempts: 2, weight: 1, importing: "throws", ...badly },
  loading: { takes: [0, 0], timeout: 2_000, attempts: 2, weight: 1, importing: "never ends", ...badly },
  crashing: { takes: [0, 500], timeout: 2_000, attempts: 2, weight: 2, ...badly, isDangerous: true },
  /** Ends only when its signal tells it to. */
  hanging: { takes: [0, 0], timeout: 1_000, attempts: 2, weight: 1, ...badly },
  /** Does not even listen to that. */
  stubborn: { takes: [0, 0], timeout: 1_000, attempts: 2, weight: 1, ...badly },
  /** Never lets its process do anything again. */
  blocking: { takes: [0, 0], timeout: 1_000, attempts: 2, weight: 1, ...badly, isDangerous: true },
} as const satisfies Record<string, Manner>;

export const mannerOf = (kind: Kind): Manner => kinds[kind];

/** What two releases of the project are called; their workers know different tasks. */
export const releases = ["older", "newer"] as const;
export type Release = (typeof releases)[number];

/** Whether the workers of a release can run jobs of the kind. */
export function isFit(kind: Kind, release: Release): boolean {
  return release === "newer" || mannerOf(kind).olderWorkers === undefined;
}

export function tasksKnownTo(release: Release): string[] {
  const known = (Object.keys(kinds) as Kind[]).filter((kind) => {
    return release === "newer" || mannerOf(kind).olderWorkers !== "do not know it";
  });
  return known.map((kind) => taskOf(kind).name);
}

export const isolation = new Map(
  (Object.keys(kinds) as Kind[]).map((kind) => [`simulated.${kind}`, mannerOf(kind).isolation ?? "shared"]),
);

export const queues = ["default", "other"] as const;

const tasks = Object.fromEntries(
  Object.entries(kinds).map(([kind, { timeout, attempts }]) => [kind, defined(kind, timeout, attempts)]),
) as Record<Kind, Task<Work, unknown>>;

function defined(kind: string, timeout: number | "none", attempts: number): Task<Work, unknown> {
  return task<never, unknown>(`simulated.${kind}`, {
    timeout,
    keep: "forever",
    retry: { attempts, base: "300ms", max: "5s" },
    run: () => {},
  } as never) as Task<Work, unknown>;
}

export const taskOf = (kind: Kind): Task<Work, unknown> => tasks[kind];

export const kindOf = (taskName: string): Kind => taskName.slice("simulated.".length) as Kind;

const urn = (Object.keys(kinds) as Kind[]).flatMap((kind) => Array<Kind>(kinds[kind].weight).fill(kind));

export function someWork(random: Random, kind = random.pick(urn)): Work {
  const [shortest, longest] = kinds[kind].takes;
  return {
    kind,
    takes: random.between(shortest, longest),
    fails: kind === "flaky" || kind === "early" ? random.whole(1, 3) : 0,
  };
}

/** What the sources say of schedules: one task may carry one, which comes to its end. */
export function describedBy(random: Random): Described {
  const { name, definition } = taskOf("good");
  const { queue, priority, timeout, retry, keep } = definition;
  const input = encode(someWork(random, "good"), { root: "input", limit: 1_000 });
  const when = { every: random.whole(1_000, 5_000), limit: random.whole(1, 4), catchUp: "all" } as const;
  const template = { task: name, queue, priority, input, maxAttempts: retry.attempts, timeout, ...keep! };
  return { tasks: random.chance(0.5) ? [{ when, template }] : [], failed: [], isComplete: true };
}
