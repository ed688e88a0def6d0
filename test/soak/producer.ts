/** Enqueues jobs of all kinds until it gets SIGTERM: `bun producer.ts STORAGE FOLDER SEED`. */
import { type EnqueueOptions, Nuvom, type Task } from "../../src/index.ts";
import { dieWithParent } from "../../src/worker/orphan.ts";
import { until } from "../support/until.ts";
import { journals, note, type RequestEntry } from "./journal.ts";
import { randomFrom } from "./random.ts";
import { aborts, broken, endless, exits, flaky, hangs, killed, overdue, stuck } from "./tasks/guilty.ts";
import { busy, held, large, quick, single, slow } from "./tasks/innocent.ts";

const [storage, folder, seed] = process.argv.slice(2) as [string, string, string];
const random = randomFrom(Number(seed));
const nuvom = new Nuvom({ storage });
const write = (entry: RequestEntry) => note(journals(folder).requests, entry);

/** Milliseconds between two jobs, on average. */
const pause = 80;

/** How often each kind is enqueued. */
const mix = {
  quick: 40,
  delayed: 10,
  slow: 10,
  busy: 3,
  large: 3,
  single: 8,
  held: 6,
  flaky: 5,
  broken: 3,
  exits: 0.4,
  killed: 0.2,
  aborts: 0.2,
  hangs: 0.2,
  stuck: 0.2,
  overdue: 1,
  endless: 2.5,
  withdrawn: 2,
};

/** Those that need no more than their task says. */
const plain = { quick, busy, large, flaky, broken, exits, killed, aborts, hangs, stuck, overdue };

const queues = ["default", "second", "third"];

async function enqueue(
  task: Task<never, unknown>,
  options: EnqueueOptions = {},
  input: unknown = null,
): Promise<string | null> {
  const { name } = task;
  const own = { priority: random.weighted({ high: 1, normal: 4, low: 1 }), ...options };
  if (name !== "held") own.queue ??= random.pick(queues)!;
  try {
    const { id, existing } = await nuvom.enqueue(task, input as never, own);
    write({ kind: "enqueued", id, task: name, key: options.key ?? null, existing, at: Date.now() });
    return id;
  } catch (error) {
    write({ kind: "not confirmed", task: name, error: String(error), at: Date.now() });
    return null;
  }
}

/** Until it is confirmed: a job that nobody cancels may be one that never ends. */
async function cancel(id: string | null): Promise<void> {
  if (id === null) return;
  write({ kind: "cancelling", id, at: Date.now() });
  await until(async () => {
    try {
      const [was] = await nuvom.storage.cancel([id], "the producer has withdrawn it", Date.now());
      write({ kind: "cancelled", id, was: was!, at: Date.now() });
      return true;
    } catch {
      return false;
    }
  });
}

async function produce(): Promise<void> {
  const kind = random.weighted(mix);
  switch (kind) {
    case "delayed":
      await enqueue(quick, { in: random.between(100, 4_000) });
      return;
    case "slow":
      await enqueue(slow, {}, { milliseconds: random.between(100, 1_200) });
      return;
    case "single": {
      const key = `key ${random.between(1, 5)}`;
      await enqueue(single, { key, queue: "default" });
      return;
    }
    case "held":
      await enqueue(held, { in: random.between(0, 1_000) });
      return;
    case "withdrawn": {
      const [delay, later] = [random.between(0, 1_000), random.between(0, 1_200)];
      const id = await enqueue(slow, { in: delay }, { milliseconds: 300 });
      await Bun.sleep(later);
      return cancel(id);
    }
    case "endless": {
      const later = random.between(300, 2_000);
      const id = await enqueue(endless, {});
      await Bun.sleep(later);
      return cancel(id);
    }
    default:
      await enqueue(plain[kind]);
  }
}

dieWithParent();
let stopping = false;
process.on("SIGTERM", () => {
  stopping = true;
});
const open = new Set<Promise<void>>();
while (!stopping) {
  const work = produce();
  open.add(work);
  void work.finally(() => open.delete(work));
  await Bun.sleep(random.between(0, 2 * pause));
}
await Promise.all(open);
await nuvom.close();
