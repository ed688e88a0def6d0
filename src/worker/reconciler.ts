import type { Clock } from "../clock.ts";
import { recurrence } from "../recurrence.ts";
import { changeTo, readable } from "../schedule.ts";
import type { Schedule, ScheduleChange, Storage } from "../storage/storage.ts";
import type { WantedSchedule } from "../wanted-schedule.ts";
import type { WorkerEvent } from "./events.ts";
import { Loop } from "./loop.ts";
import type { Described, DescribedTask } from "./protocol.ts";

export interface ReconcilerOptions {
  storage: Storage;
  clock: Clock;
  worker: string;
  project: string;
  /** Milliseconds between two looks at who else is alive. */
  every: number;
  /** Finds out what schedules the definitions of the tasks carry. Does not throw. */
  describe(signal: AbortSignal): Promise<Described>;
  /** Called when the schedules have been looked after for the first time. */
  ready(): void;
  emit(event: WorkerEvent): void;
  failed(error: unknown, retryIn: number): void;
}

/** Milliseconds between two looks at schedules that nobody should have changed. */
const lookEvery = 60_000;

/**
 * Keeps the schedules that the sources define in step with them. Where workers of two releases run side by side, each
 * release is written once, when the first of its workers starts, and nobody writes it again over the other; once only
 * one release is left, that is the one that holds. (The ids of workers are ordered by the time of their start.)
 */
export class Reconciler {
  readonly #loop: Loop;
  #described: Described = { tasks: [], failed: [], isComplete: true };
  #hasApplied = false;
  /** Whether no worker of another release was alive the last time. */
  #wasAlone = true;
  #nextLook = 0;
  #isReady = false;
  readonly #stopping = new AbortController();
  /** The ids that were said to be taken. */
  readonly #reported = new Set<string>();
  /** Tells the schedules of this release from those of others; empty as long as they are not known. */
  release = "";

  constructor(private readonly options: ReconcilerOptions) {
    this.#loop = new Loop(options.clock, () => this.step(), options.failed);
  }

  /** Begins once it is known what the sources define. */
  async start(): Promise<void> {
    const { describe, emit } = this.options;
    const described = await describe(this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    for (const { task, reason } of described.failed) emit({ type: "schedule-unknown", task, reason });
    this.#described = described;
    this.release = Bun.hash(JSON.stringify(described.tasks)).toString(36);
    this.#loop.wake();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  stop(): void {
    this.#stopping.abort();
    this.#loop.stop();
  }

  /** Returns when to look next. */
  async step(): Promise<number> {
    const { storage, clock, every, worker, project } = this.options;
    const now = clock.now();
    const workers = (await storage.workers()).filter(({ leaseUntil }) => leaseUntil > now);
    const others = workers.filter(({ id, release, ...other }) => {
      return id !== worker && other.project === project && release !== "";
    });
    const isFirst = !others.some((other) => other.release === this.release && other.id < worker);
    const isAlone = others.every((other) => other.release === this.release);
    const alive = new Set(workers.map((other) => other.project));
    const mustApply = (isFirst && !this.#hasApplied) || (isAlone && !this.#wasAlone);
    // A worker of another release may have come and gone unseen.
    const mayLook = isFirst && isAlone && now >= this.#nextLook;
    if (mustApply || mayLook) {
      await this.#apply(alive, now);
      this.#hasApplied = true;
      this.#nextLook = now + lookEvery;
    }
    this.#wasAlone = isAlone;
    if (!this.#isReady) {
      this.#isReady = true;
      this.options.ready();
    }
    return now + every;
  }

  /** Once more if schedules have fired in between. */
  async #apply(alive: ReadonlySet<string>, now: number): Promise<void> {
    const { storage, project, emit } = this.options;
    for (let refused = true; refused; ) {
      const { changes, taken } = plan(await storage.schedules(), this.#described, project, alive, now);
      for (const { id, by } of taken.filter(({ id }) => !this.#reported.has(id))) {
        this.#reported.add(id);
        emit({ type: "schedule-unknown", task: id, reason: `there is one of this id already, ${by}` });
      }
      if (changes.length === 0) return;
      const answers = await storage.changeSchedules(changes);
      const applied = changes.filter((_, index) => answers[index]);
      refused = applied.length < changes.length;
      if (applied.length > 0) emit({ type: "schedules-changed", ...kinds(applied) });
    }
  }
}

function kinds(changes: readonly ScheduleChange[]) {
  const of = (kind: (change: ScheduleChange) => boolean) => changes.filter(kind).map(({ id }) => id);
  return {
    added: of(({ from }) => from === null),
    changed: of(({ from, to }) => from !== null && to !== null),
    removed: of(({ to }) => to === null),
  };
}

interface Plan {
  changes: ScheduleChange[];
  /** The schedules that would have the name of one that is not the project's. */
  taken: { id: string; by: string }[];
}

/**
 * What is to change so that the schedules of a project are those that its sources define.
 * @param alive the projects that have workers: what belongs to others may be taken over.
 */
export function plan(
  stored: readonly Schedule[],
  { tasks, failed, isComplete }: Described,
  project: string,
  alive: ReadonlySet<string>,
  now: number,
): Plan {
  const known = new Map(stored.flatMap(readable).map((schedule) => [schedule.id, schedule]));
  const unreadable = new Set(stored.map(({ id }) => id).filter((id) => !known.has(id)));
  const wanted = tasks.map((task) => wantedOf(task, project, now)).filter(({ id }) => !unreadable.has(id));
  const taken = wanted.flatMap(({ id }) => {
    const owner = known.get(id)?.definition.project;
    if (owner === null) return { id, by: "made by a call: give that another id" };
    const isForeign = owner !== undefined && owner !== project && alive.has(owner);
    return isForeign ? { id, by: `of the project ${owner}: rename one of the tasks` } : [];
  });
  const free = wanted.filter(({ id }) => !taken.some((other) => other.id === id));
  const changes = free.flatMap((schedule) => changeTo(schedule, known.get(schedule.id) ?? null, now) ?? []);
  // Of a file that could not be read nothing is known: its schedules stay, and so does what may be one of them.
  const kept = new Set([...wanted.map(({ id }) => id), ...failed.map(({ task }) => task)]);
  const gone = [...known.values()].filter(({ id, definition }) => {
    return isComplete && definition.project === project && !kept.has(id);
  });
  const removals = gone.map(({ id, version }) => ({ id, from: version, to: null, jobs: [] }));
  return { changes: [...changes, ...removals], taken };
}

/** The schedule in a task's definition has the name of the task. */
function wantedOf({ when, template }: DescribedTask, project: string, now: number): WantedSchedule {
  const checked = recurrence(when, 0, `task ${JSON.stringify(template.task)}`);
  return { id: template.task, recurrence: { ...checked, anchor: checked.startAt ?? now }, template, project };
}
