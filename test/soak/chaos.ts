/** Does harm to the programs of a soak, at random, until it is told to stop, and writes down what it does. */
import { type ChaosEntry, type ExecutionEntry, follow, note } from "./journal.ts";
import type { Random } from "./random.ts";

export interface Victim {
  pid: number;
  kill(signal: NodeJS.Signals): void;
  exited: Promise<number>;
}

export interface Targets {
  /** The running workers, one for each place. */
  workers: Victim[];
  /** Starts another worker in that place. */
  start(place: number): Victim;
  /** Asks a worker to end, and resolves when it has. */
  end(worker: Victim): Promise<void>;
  /** `null` where the storage is no server. */
  server: { kill(): Promise<void>; restart(): Promise<void> } | null;
  executions: string;
  log: string;
  lease: number;
  random: Random;
}

/** How often each is done before they begin anew: so even a short soak has one of each. */
const kinds = { "kill process": 5, "kill worker": 2, "stop worker": 1, "end worker": 2, "kill server": 1 };

type Kind = keyof typeof kinds;

/** An event about every so many milliseconds. */
const pause = 800;

/** One of them always works. */
const mostAway = 2;

export function startChaos(targets: Targets) {
  const { workers, random, server, lease, log } = targets;
  const write = (entry: ChaosEntry) => note(log, entry);
  const added = follow<ExecutionEntry>(targets.executions);
  /** By process, how many executions have begun in it. */
  const begun = new Map<string, { pid: number; worker: number; count: number }>();
  /** The places whose worker is away. */
  const away = new Set<number>();
  const deck: Kind[] = [];
  const under = new Set<Promise<void>>();
  const stopping = Promise.withResolvers<void>();
  let isOver = false;
  let serverIsAway = false;

  function newDeck(): Kind[] {
    const cards = (Object.keys(kinds) as Kind[]).flatMap((kind) => Array<Kind>(kinds[kind]).fill(kind));
    return random.shuffled(cards.filter((kind) => server || kind !== "kill server"));
  }

  function present(): number[] {
    return [...workers.keys()].filter((place) => !away.has(place));
  }

  function candidates(alive: ReadonlySet<number>) {
    return [...begun.values()].filter(({ worker, count }) => alive.has(worker) && count > 1);
  }

  /** One that has had several jobs: the only job that a process ever had is charged with its death, and rightly. */
  async function killProcess(): Promise<void> {
    for (const entry of added()) {
      if (entry.kind !== "begin") continue;
      const { pid, worker } = entry;
      const known = begun.get(`${worker}/${pid}`) ?? { pid, worker, count: 0 };
      begun.set(`${worker}/${pid}`, { ...known, count: known.count + 1 });
    }
    const alive = new Set(present().map((place) => workers[place]!.pid));
    let victim = random.pick(candidates(alive));
    for (; victim && parentOf(victim.pid) !== victim.worker; victim = random.pick(candidates(alive))) {
      begun.delete(`${victim.worker}/${victim.pid}`);
    }
    if (!victim) return;
    const { pid, worker } = victim;
    const at = Date.now();
    try {
      process.kill(pid, "SIGKILL");
      write({ kind: "process killed", pid, worker, at });
    } catch {
      // It was quicker.
    }
  }

  async function whileAway(place: number, work: (worker: Victim) => Promise<void>): Promise<void> {
    away.add(place);
    await work(workers[place]!);
    away.delete(place);
  }

  const killWorker = (place: number) =>
    whileAway(place, async (worker) => {
      write({ kind: "worker killed", worker: worker.pid, at: Date.now() });
      worker.kill("SIGKILL");
      await worker.exited;
      await Bun.sleep(random.between(0, 2_000));
      workers[place] = targets.start(place);
    });

  const stopWorker = (place: number) =>
    whileAway(place, async (worker) => {
      write({ kind: "worker stopped", worker: worker.pid, at: Date.now() });
      worker.kill("SIGSTOP");
      await Promise.race([Bun.sleep(lease * (1.1 + random.next())), stopping.promise]);
      worker.kill("SIGCONT");
      write({ kind: "worker continued", worker: worker.pid, at: Date.now() });
    });

  /** As a deployment does: the new one starts before the old one has ended. */
  const endWorker = (place: number) =>
    whileAway(place, async (worker) => {
      const ended = targets.end(worker);
      workers[place] = targets.start(place);
      await ended;
    });

  async function killServer(): Promise<void> {
    if (!server || serverIsAway) return;
    serverIsAway = true;
    write({ kind: "server killed", at: Date.now() });
    await server.kill();
    await Bun.sleep(random.between(0, 1_500));
    await server.restart();
    write({ kind: "server started", at: Date.now() });
    serverIsAway = false;
  }

  async function once(): Promise<void> {
    if (deck.length === 0) deck.push(...newDeck());
    const kind = deck.pop()!;
    if (kind === "kill process") return killProcess();
    if (kind === "kill server") return killServer();
    const place = away.size < mostAway ? random.pick(present()) : undefined;
    if (place === undefined) return;
    await { "kill worker": killWorker, "stop worker": stopWorker, "end worker": endWorker }[kind](place);
  }

  const done = (async () => {
    while (!isOver) {
      await Promise.race([Bun.sleep(random.between(0, 2 * pause)), stopping.promise]);
      if (isOver) break;
      const doing = once();
      under.add(doing);
      void doing.finally(() => under.delete(doing));
    }
    await Promise.all(under);
  })();

  return {
    /** Resolves when everything is up again. */
    async stop() {
      isOver = true;
      stopping.resolve();
      await done;
    },
  };
}

/** A process's id may have been given to another program by now. */
function parentOf(pid: number): number {
  const { stdout } = Bun.spawnSync(["ps", "-o", "ppid=", "-p", String(pid)]);
  return Number(stdout.toString());
}
