import { type Job, priorities } from "../../src/job.ts";
import { type Violation, violation } from "./checker.ts";
import type { Evidence } from "./evidence.ts";

/** The laws of queues: when and in which order their jobs come up, and which may be there at once. */
export function queueLaws(evidence: Evidence): Violation[] {
  return [...early(evidence), ...heldQueue(evidence), ...occurrences(evidence), ...keys(evidence)];
}

function early({ executions }: Evidence): Violation[] {
  return executions.flatMap(({ id, task, beganAt, runAt }) => {
    const text = `${task} began ${runAt - beganAt} ms before its time`;
    return beganAt >= runAt ? [] : violation("none begins early", text, id);
  });
}

/** The queue that was paused until it was left to one process of one worker. */
function heldQueue({ executions, jobs, chaos }: Evidence): Violation[] {
  const resumedAt = chaos.find(({ kind }) => kind === "held queue resumed")?.at ?? Number.POSITIVE_INFINITY;
  const held = new Map(jobs.filter(({ queue }) => queue === "held").map((job) => [job.id, job]));
  const began = executions.filter(({ id }) => held.has(id));
  const early = began.filter(({ beganAt }) => beganAt < resumedAt);
  const wrong = began
    .slice(1)
    .filter(({ id }, index) => !comesBefore(held.get(began[index]!.id)!, held.get(id)!));
  return [
    ...early.map(({ id }) => violation("a paused queue gives nothing out", "it ran", id)),
    ...wrong.map(({ id }) => violation("a queue keeps its order", "ran after one behind it", id)),
  ];
}

function comesBefore(one: Job, other: Job): boolean {
  const [a, b] = [one, other].map(
    ({ priority, runAt, id }) => [priorities.indexOf(priority), runAt, id] as const,
  );
  const differing = a!.findIndex((part, index) => part !== b![index]);
  return a![differing]! < b![differing]!;
}

function occurrences({ jobs, schedules }: Evidence): Violation[] {
  const law = "an occurrence has one job";
  const made = Map.groupBy(
    jobs.filter(({ schedule }) => schedule !== null),
    ({ schedule }) => schedule!,
  );
  return schedules.flatMap((schedule) => {
    const own = made.get(schedule.id) ?? [];
    const distinct = new Set(own.map(({ scheduledFor }) => scheduledFor)).size;
    return [
      ...(distinct === own.length
        ? []
        : [violation(law, `${own.length - distinct} of ${schedule.id} have more`)]),
      ...(own.length === schedule.made
        ? []
        : [violation(law, `${schedule.id} has made ${schedule.made}, ${own.length} are there`)]),
    ];
  });
}

/** A job was certainly there from the confirmation of its enqueueing until it ended; another was added by its own. */
function keys({ requests, jobs }: Evidence): Violation[] {
  const enqueued = requests.filter((entry) => entry.kind === "enqueued");
  const added = enqueued.filter(({ key, existing }) => key !== null && !existing);
  const ends = new Map(jobs.map(({ id, finishedAt }) => [id, finishedAt ?? Number.POSITIVE_INFINITY]));
  const births = new Map(jobs.map(({ id, createdAt }) => [id, createdAt]));
  return [...Map.groupBy(added, ({ key }) => key).values()].flatMap((same) => {
    const inTurn = same.toSorted((a, b) => a.at - b.at);
    return inTurn.slice(1).flatMap(({ id, key, at }, index) => {
      const before = inTurn[index]!;
      const areAtOnce = before.at < births.get(id)! && at < ends.get(before.id)!;
      return areAtOnce ? violation("a key has one job at a time", `${key}: as ${before.id}`, id) : [];
    });
  });
}
