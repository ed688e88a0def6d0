import { DecodeError, decode, encode } from "./codec.ts";
import type { NewJob } from "./job.ts";
import { due, occurrenceAfter, type Recurrence } from "./recurrence.ts";
import { claimBytes, type Schedule, type ScheduleChange } from "./storage/storage.ts";
import type { WantedSchedule } from "./wanted-schedule.ts";

/** What every job of a schedule has in common. */
export type JobTemplate = Pick<
  NewJob,
  | "task"
  | "queue"
  | "priority"
  | "input"
  | "maxAttempts"
  | "timeout"
  | "keepFor"
  | "keepFailedFor"
  | "keepCount"
>;

/** What a schedule is, beyond what the storage looks at. */
export interface ScheduleDefinition {
  recurrence: Recurrence;
  template: JobTemplate;
  /** The project whose sources define it, `null` if a call has made it. */
  project: string | null;
  createdAt: number;
  /** How many jobs its occurrences have asked for, those included that were skipped since another was not done. */
  made: number;
  /** The last of them, and the id of its job. */
  lastOccurrence: number | null;
  lastJob: string | null;
}

/** A schedule with its definition decoded. */
export type DecodedSchedule = Omit<Schedule, "definition"> & { definition: ScheduleDefinition };

/** @throws DecodeError if another release has written it in a way that this one does not know. */
export function decodeSchedule(schedule: Schedule): DecodedSchedule {
  const definition = decode(schedule.definition) as ScheduleDefinition;
  const { rule, catchUp, overlap } = definition?.recurrence ?? {};
  const isKnown =
    rule &&
    ("every" in rule || "cron" in rule) &&
    ["one", "all", "none"].includes(catchUp!) &&
    ["allow", "skip", "replace"].includes(overlap!);
  if (!isKnown) throw new DecodeError(`schedule "${schedule.id}" was written by a newer release of Nuvom`);
  return { ...schedule, definition };
}

/** The schedule in a list of its own, an empty one if this release cannot read it: another will look after it. */
export function readable(schedule: Schedule): DecodedSchedule[] {
  try {
    return [decodeSchedule(schedule)];
  } catch {
    return [];
  }
}

/** The change that leaves a schedule in this state, in a version of its own; `from` is the version it was in. */
export function scheduleChange(
  { definition, ...schedule }: Omit<DecodedSchedule, "version">,
  from: string | null,
  jobs: readonly NewJob[] = [],
): ScheduleChange {
  const bytes = encode(definition, { root: "schedule", limit: Number.POSITIVE_INFINITY });
  const to = { ...schedule, version: Bun.randomUUIDv7(), definition: bytes };
  return { id: schedule.id, from, to, jobs };
}

export interface Firing {
  change: ScheduleChange;
  /** The occurrences that get a job, and how many get none because nobody was there. */
  fired: number[];
  missed: number;
  /** The job that must make way. */
  replaced: string | null;
}

/** How many jobs a schedule makes in one change. */
const mostAtOnce = 100;

/** What becomes of a schedule whose next occurrence has come. */
export function fire(schedule: DecodedSchedule, now: number, random: () => number): Firing {
  const { definition, nextRunAt, version } = schedule;
  const { recurrence, made, lastJob } = definition;
  const { overlap } = recurrence;
  // Where only one can be pending or running, one is all there is to make up for.
  const catchUp = overlap !== "allow" && recurrence.catchUp === "all" ? "one" : recurrence.catchUp;
  const all = due({ ...recurrence, catchUp }, made, nextRunAt!, now);
  // A storage is not given all of an hour's worth at once: what is left is due when these are in.
  const most = Math.max(
    1,
    Math.min(mostAtOnce, Math.floor(claimBytes / (definition.template.input.length + 1))),
  );
  const fired = all.fire.slice(0, most);
  const next = all.fire[most] ?? all.next;
  const { missed } = all;
  const jobs = fired.map((occurrence) => jobOf(schedule, occurrence, now, random));
  const after = {
    ...definition,
    made: made + fired.length,
    lastOccurrence: fired.at(-1) ?? definition.lastOccurrence,
    lastJob: jobs.at(-1)?.id ?? lastJob,
  };
  return {
    change: scheduleChange({ ...schedule, nextRunAt: next, definition: after }, version, jobs),
    fired,
    missed,
    replaced: overlap === "replace" && jobs.length > 0 ? lastJob : null,
  };
}

function jobOf(
  { id, definition }: DecodedSchedule,
  occurrence: number,
  now: number,
  random: () => number,
): NewJob {
  const { recurrence, template } = definition;
  return {
    ...template,
    id: Bun.randomUUIDv7("hex", now),
    runAt: occurrence + Math.round(random() * recurrence.jitter),
    // Two jobs of a queue that are pending or running cannot have the same key.
    key: recurrence.overlap === "skip" ? `schedule:${id}` : null,
    createdAt: now,
    schedule: id,
    scheduledFor: occurrence,
    traceparent: null,
  };
}

/** A job of a schedule out of turn. */
export function jobNow({ id, definition }: DecodedSchedule, now: number): NewJob {
  const { template } = definition;
  const times = { runAt: now, createdAt: now, scheduledFor: null };
  const unknown = { key: null, traceparent: null };
  return { ...template, ...times, ...unknown, id: Bun.randomUUIDv7("hex", now), schedule: id };
}

/**
 * The change that makes a schedule what is wanted, `null` if it is that already. One whose occurrences stay the same
 * keeps its place: it fires next what it would have fired next.
 */
export function changeTo(
  wanted: WantedSchedule,
  before: DecodedSchedule | null,
  now: number,
): ScheduleChange | null {
  const { id, template, project } = wanted;
  const keepsPlace = before !== null && haveSameOccurrences(before.definition.recurrence, wanted.recurrence);
  const recurrence = keepsPlace
    ? { ...wanted.recurrence, anchor: before.definition.recurrence.anchor }
    : wanted.recurrence;
  const kept = before?.definition ?? { createdAt: now, made: 0, lastOccurrence: null, lastJob: null };
  const { createdAt, made, lastOccurrence, lastJob } = kept;
  const definition = { recurrence, template, project, createdAt, made, lastOccurrence, lastJob };
  const isUsedUp = recurrence.limit !== null && made >= recurrence.limit;
  const next = keepsPlace && before.nextRunAt !== null ? before.nextRunAt : nextAfter(definition, now);
  const after = {
    id,
    queue: template.queue,
    nextRunAt: isUsedUp ? null : next,
    paused: before?.paused ?? false,
    definition,
  };
  if (before) {
    const { version, ...unchanged } = before;
    if (Bun.deepEquals(unchanged, after)) return null;
  }
  return scheduleChange(after, before?.version ?? null);
}

/** The first occurrence from now on, and after the last that was fired, whatever the clock here says. */
export function nextAfter({ recurrence, lastOccurrence }: ScheduleDefinition, now: number): number | null {
  return occurrenceAfter(recurrence, Math.max(now, lastOccurrence ?? now));
}

function haveSameOccurrences(before: Recurrence, after: Recurrence): boolean {
  const parts = ({ rule, startAt, endAt }: Recurrence) => ({ rule, startAt, endAt });
  return Bun.deepEquals(parts(before), parts(after));
}

/** The occurrences from the next one on. */
export function upcoming(
  { recurrence, made }: Pick<ScheduleDefinition, "recurrence" | "made">,
  nextRunAt: number | null,
  count: number,
): number[] {
  const most = Math.min(count, (recurrence.limit ?? Number.POSITIVE_INFINITY) - made);
  const times: number[] = [];
  for (let time = nextRunAt; time !== null && times.length < most; time = occurrenceAfter(recurrence, time)) {
    times.push(time);
  }
  return times;
}
