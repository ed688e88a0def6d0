import type { Clock } from "../clock.ts";
import { recurrence } from "../recurrence.ts";
import { changeTo, decodeSchedule } from "../schedule.ts";
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
  describe(): Promise<Described>;
  emit(event: WorkerEvent): void;
  failed(error: unknown, retryIn: number): void;
}

/**
 * Keeps the schedules that the sources define in step with them. Where workers of two releases run side by side, each
 * release is written once, when the first of its workers starts, and nobody writes it again over the other; once only
 * one release is left, that is the one that holds. (The ids of workers are ordered by the time of their start.)
 */
export class Reconciler {
  readonly #loop: Loop;
  #described: Described = { tasks: [], failed: [] };
  #hasApplied = false;
  /** Whether no worker of another release was alive the last time. */
  #wasAlone = true;
  /** Tells the schedules of this release from those of others; empty as long as they are not known. */
  release = "";

  constructor(private readonly options: ReconcilerOptions) {
    this.#loop = new Loop(options.clock, () => this.step(), options.failed);
  }

  /** Begins once it is known what the sources define. */
  async start(): Promise<void> {
    const { describe, emit } = this.options;
    const described = await describe();
    for (const { task, reason } of described.failed) emit({ type: "schedule-unknown", task, reason });
    this.#described = described;
    this.release = Bun.hash(JSON.stringify(described.tasks)).toString(36);
    this.#loop.wake();
  }

  stop(): void {
    this.#loop.stop();
  }

  /** Returns when to look next. */
  async step(): Promise<number> {
    const { storage, clock, every, worker, project } = this.options;
    const now = clock.now();
    const others = (await storage.workers()).filter((other) => {
      return (
        other.id !== worker && other.project === project && other.leaseUntil > now && other.release !== ""
      );
    });
    const isFirst = !others.some((other) => other.release === this.release && other.id < worker);
    const isAlone = others.every((other) => other.release === this.release);
    if ((isFirst && !this.#hasApplied) || (isAlone && !this.#wasAlone)) {
      await this.#apply(await storage.schedules(), now);
      this.#hasApplied = true;
    } else if (isFirst && isAlone && this.#ids.length > 0) {
      // A worker of another release may have come and gone unseen.
      await this.#apply(await storage.schedules(this.#ids), now);
    }
    this.#wasAlone = isAlone;
    return now + every;
  }

  get #ids(): string[] {
    return this.#described.tasks.map(({ template }) => template.task);
  }

  async #apply(stored: Schedule[], now: number): Promise<void> {
    const { storage, project, emit } = this.options;
    const changes = plan(stored, this.#described, project, now);
    if (changes.length === 0) return;
    const answers = await storage.changeSchedules(changes);
    const applied = changes.filter((_, index) => answers[index]);
    if (applied.length === 0) return;
    const of = (kind: (change: ScheduleChange) => boolean) => applied.filter(kind).map(({ id }) => id);
    emit({
      type: "schedules-changed",
      added: of(({ from }) => from === null),
      changed: of(({ from, to }) => from !== null && to !== null),
      removed: of(({ to }) => to === null),
    });
  }
}

/** What is to change so that the schedules of a project are those that its sources define. */
export function plan(
  stored: readonly Schedule[],
  { tasks, failed }: Described,
  project: string,
  now: number,
): ScheduleChange[] {
  const known = new Map(stored.map((schedule) => [schedule.id, decodeSchedule(schedule)]));
  const wanted = tasks.map((task) => wantedOf(task, project, now));
  const changes = wanted.flatMap((schedule) => changeTo(schedule, known.get(schedule.id) ?? null, now) ?? []);
  // Of a file that could not be read nothing is known: its schedules stay.
  const kept = new Set([...wanted.map(({ id }) => id), ...failed.map(({ task }) => task)]);
  const gone = [...known.values()].filter(({ id, definition }) => {
    return definition.project === project && !kept.has(id);
  });
  return [...changes, ...gone.map(({ id, version }) => ({ id, from: version, to: null, jobs: [] }))];
}

/** The schedule in a task's definition has the name of the task. */
function wantedOf({ when, template }: DescribedTask, project: string, now: number): WantedSchedule {
  const checked = recurrence(when, 0, `task ${JSON.stringify(template.task)}`);
  return { id: template.task, recurrence: { ...checked, anchor: checked.startAt ?? now }, template, project };
}
