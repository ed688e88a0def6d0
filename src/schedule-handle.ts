import type { Clock } from "./clock.ts";
import { InvalidOptionError, ScheduleNotFoundError, StorageError } from "./errors.ts";
import type { JobHandle } from "./handle.ts";
import { recurrence } from "./recurrence.ts";
import {
  changeTo,
  type DecodedSchedule,
  decodeSchedule,
  jobNow,
  nextAfter,
  scheduleChange,
  upcoming,
} from "./schedule.ts";
import type { ScheduleChange, Storage } from "./storage/storage.ts";
import type { WantedSchedule } from "./wanted-schedule.ts";
import type { RecurringWhen } from "./when.ts";

/** A schedule as those who made it see it. */
export interface ScheduleHandle<Output = unknown> {
  readonly id: string;
  /** The whole record. @throws ScheduleNotFoundError */
  get(): Promise<DecodedSchedule>;
  /** The next occurrences, at most `count` of them (5 unless given), as if it were not paused. @throws ScheduleNotFoundError */
  next(count?: number): Promise<Date[]>;
  /** Gives it another rule, whose options are as by default unless given; its task, input and queue stay. @throws ScheduleNotFoundError, InvalidOptionError */
  change(when: RecurringWhen): Promise<void>;
  /** Occurrences get no job until it is resumed. @throws ScheduleNotFoundError */
  pause(): Promise<void>;
  /** Goes on with the next occurrence from now on: those of the pause are not made up for. @throws ScheduleNotFoundError */
  resume(): Promise<void>;
  /** Adds a job of it now; its occurrences stay as they are. @throws ScheduleNotFoundError */
  runNow(): Promise<JobHandle<Output>>;
  /** Jobs that it has made stay. Returns whether there was such a schedule. */
  remove(): Promise<boolean>;
}

interface Access<Output> {
  storage: Storage;
  clock: Clock;
  handle(job: string): JobHandle<Output>;
}

/** So many times a schedule may change under one's hands before that is an error. */
const mostAttempts = 100;

export function scheduleHandle<Output>(id: string, access: Access<Output>): ScheduleHandle<Output> {
  const { storage, clock } = access;

  async function get(): Promise<DecodedSchedule> {
    const [schedule] = await storage.schedules([id]);
    if (!schedule) throw new ScheduleNotFoundError(id);
    return decodeSchedule(schedule);
  }

  function change(fields: (schedule: DecodedSchedule) => Partial<DecodedSchedule>): Promise<void> {
    return retried(storage, async () => {
      const schedule = await get();
      return scheduleChange({ ...schedule, ...fields(schedule) }, schedule.version);
    });
  }

  return {
    id,
    get,
    async next(count = 5) {
      if (!Number.isSafeInteger(count) || count < 1) {
        throw new InvalidOptionError(`next: ${count} is not a whole number of at least 1, such as next(5)`);
      }
      const { definition, nextRunAt } = await get();
      return upcoming(definition, nextRunAt, count).map((time) => new Date(time));
    },
    async change(when) {
      const checked = recurrence(when, clock.now(), `schedule ${JSON.stringify(id)}`);
      await retried(storage, async () => {
        const before = await get();
        const { template } = before.definition;
        assertNotInSources(before);
        return changeTo({ id, recurrence: checked, template, project: null }, before, clock.now());
      });
    },
    pause: () => change(() => ({ paused: true })),
    resume: () =>
      change(({ paused, nextRunAt, definition }) => {
        if (!paused || nextRunAt === null) return { paused: false };
        const next = nextRunAt > clock.now() ? nextRunAt : nextAfter(definition, clock.now());
        return { paused: false, nextRunAt: next };
      }),
    async runNow() {
      const job = jobNow(await get(), clock.now());
      await storage.insert([job]);
      return access.handle(job.id);
    },
    async remove() {
      const [schedule] = await storage.schedules([id]);
      if (!schedule) return false;
      await retried(storage, async () => {
        const [current] = await storage.schedules([id]);
        return current ? { id, from: current.version, to: null, jobs: [] } : null;
      });
      return true;
    },
  };
}

function assertNotInSources({ id, definition }: DecodedSchedule): void {
  if (definition.project === null) return;
  throw new InvalidOptionError(
    `schedule "${id}" is defined with task "${definition.template.task}" in the sources of ${definition.project}: change it there, or give another id`,
  );
}

/** Adds the schedule or changes the one of its id. */
export function putSchedule(storage: Storage, wanted: WantedSchedule, now: number): Promise<void> {
  return retried(storage, async () => {
    const [stored] = await storage.schedules([wanted.id]);
    const before = stored ? decodeSchedule(stored) : null;
    if (before) assertNotInSources(before);
    return changeTo(wanted, before, now);
  });
}

/** Applies a change, made anew from what is stored for as long as others come between. */
async function retried(storage: Storage, make: () => Promise<ScheduleChange | null>): Promise<void> {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const change = await make();
    if (!change) return;
    const [applied] = await storage.changeSchedules([change]);
    if (applied) return;
  }
  throw new StorageError("the schedule was changed by others all the time: try again");
}
