import fc from "fast-check";
import { finalStates, isFinal, type Job, jobStates, type NewJob } from "../../../src/job.ts";
import {
  claimBytes,
  type JobFilter,
  type Outcome,
  type ScheduleChange,
  type Storage,
} from "../../../src/storage/storage.ts";
import { type Call, call } from "./comparison.ts";
import { keptUntil, type Method, type Model } from "./model.ts";
import * as values from "./values.ts";

/** What an operation may depend on when its turn comes. */
export interface Situation {
  now: number;
  /** As it is before the operation, to find out what would be worth asking. */
  model: Model;
  /** Ids not to be given to another job: claims would count anew, and with them the fence. */
  spent: ReadonlySet<string>;
  /** Another for every operation. */
  turn: number;
}

export type Operation = (situation: Situation) => Call;

function always<M extends Method>(method: M, ...asked: Parameters<Storage[M]>): Operation {
  return () => call(method, ...asked);
}

const few = fc.constantFrom(0, 1, 2, 3, 4, 9);

/** Mostly one of the candidates that the situation offers, and sometimes any whatsoever. */
function mostly<T>(any: fc.Arbitrary<T>) {
  return fc.record({
    any,
    nth: fc.oneof({ weight: 7, arbitrary: fc.nat(values.numbers) }, fc.constant(null)),
  });
}
type Choice<T> = { any: T; nth: number | null };

function choose<T>({ any, nth }: Choice<T>, candidates: readonly T[]): T {
  return nth === null || candidates.length === 0 ? any : candidates[nth % candidates.length]!;
}

function chooseEach(choices: readonly Choice<string>[], candidates: readonly Job[]): string[] {
  return choices.map((choice) => choose(choice, values.idsOf(candidates)));
}

const someIds = fc.array(mostly(values.anId), { maxLength: 4 });

const insert = fc.array(values.aJob, { maxLength: 6 }).map((jobs): Operation => {
  return (situation) => call("insert", insertable(jobs, situation));
});

const claim = fc
  .tuple(mostly(values.aWorker), fc.oneof(fc.constant(values.queues), values.anyQueues), few)
  .map(([worker, queues, limit]): Operation => {
    return ({ now, model }) => {
      const alive = model.workers().filter(({ leaseUntil }) => leaseUntil > now);
      return call("claim", choose(worker, values.idsOf(alive)), queues, limit, now);
    };
  });

const outcome = fc.record({
  kind: fc.constantFrom("succeeded", "retry", "failed", "cancelled", "released"),
  id: mostly(values.anId),
  late: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.constantFrom(-1, 1)),
  crashed: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.boolean()),
  offset: values.anOffset,
  text: fc.constantFrom(null, "one", "other"),
  noted: fc.boolean(),
  parked: fc.constantFrom(undefined, ...values.sources),
});

const settle = fc
  .tuple(mostly(values.aWorker), fc.array(outcome, { minLength: 1, maxLength: 4 }))
  .map(([by, outcomes]): Operation => {
    return ({ now, model }) => {
      const running = model.list({ state: "running" }, values.all);
      const worker = choose(
        by,
        running.map((job) => job.worker!),
      );
      const held = values.idsOf(running.filter((job) => job.worker === worker));
      const asked = outcomes.map(({ kind, id: choice, late, crashed, offset, text, noted, parked }) => {
        const id = choose(choice, held);
        const job = model.get([id])[0];
        const claims = (job?.claims ?? 1) + late;
        return {
          ...{ id, queue: job?.queue ?? "default", claims, startedAt: now - 1 },
          ...(crashed !== undefined && { crashed }),
          ...(noted && { notes: values.bytes(`notes ${text}`) }),
          ...(kind === "released" && parked !== undefined && { parked }),
          ...became(kind, now + offset, text),
        } as Outcome;
      });
      return call("settle", worker, asked, now);
    };
  });

function became(kind: Outcome["kind"], runAt: number, text: string | null) {
  const errors = values.bytes(`error ${text}`);
  if (kind === "succeeded") return { kind, result: values.bytes(`result ${text}`) };
  if (kind === "failed") return { kind, errors };
  if (kind === "cancelled") return { kind, errors: text === null ? null : errors, reason: text };
  return kind === "retry" ? { kind, runAt, errors } : { kind, runAt, reason: text };
}

const note = fc
  .tuple(mostly(values.aWorker), fc.array(outcome, { maxLength: 3 }))
  .map(([by, said]): Operation => {
    return ({ model }) => {
      const running = model.list({ state: "running" }, values.all);
      const worker = choose(
        by,
        running.map((job) => job.worker!),
      );
      const held = values.idsOf(running.filter((job) => job.worker === worker));
      const notes = said.map(({ id: choice, late, text }) => {
        const id = choose(choice, held);
        return { id, claims: (model.get([id])[0]?.claims ?? 1) + late, notes: values.bytes(`said ${text}`) };
      });
      return call("note", worker, notes);
    };
  });

/** The contract does not say which of them go first: all or none, unless together they are too large for that. */
const claimParked = fc
  .record({
    worker: mostly(values.aWorker),
    queues: fc.oneof(fc.constant(values.queues), values.anyQueues),
    tasks: fc.subarray(values.tasks),
    sources: fc.constantFrom(...values.sources),
    limit: fc.constantFrom(0, values.numbers),
  })
  .map(({ worker: by, queues, tasks, sources, limit }): Operation => {
    return ({ now, model }) => {
      const alive = model.workers().filter(({ leaseUntil }) => leaseUntil > now);
      const worker = choose(by, values.idsOf(alive));
      const parked = model.list({ state: "pending" }, values.all).filter((job) => job.parked !== null);
      const bytes = parked.reduce((sum, { input }) => sum + input.length, 0);
      return call("claimParked", worker, { queues, tasks, sources }, bytes > claimBytes ? 0 : limit, now);
    };
  });

const heartbeat = fc
  .tuple(
    values.aWorker,
    fc.constantFrom(0, 5, 30, 80, 200, 200),
    values.anyQueues,
    fc.constantFrom("r1", "r2"),
  )
  .map(([id, lease, queues, release]): Operation => {
    return ({ now }) => call("heartbeat", values.workerRecord(id, now, lease, { queues, release }));
  });

const recover = fc.constant<Operation>(({ now }) => call("recover", now));

const schedule = fc.record({
  id: fc.constantFrom("s1", "s2", "s3"),
  from: fc.constantFrom("current", "current", "current", "none", "old"),
  removed: fc.boolean(),
  queue: fc.constantFrom(...values.queues, "d"),
  offset: fc.option(values.anOffset),
  paused: fc.boolean(),
  jobs: fc.array(values.aJob, { maxLength: 2 }),
});

const changeSchedules = fc.array(schedule, { maxLength: 3 }).map((planned): Operation => {
  return (situation) => {
    const { model, now, turn } = situation;
    const changes = planned.map(
      ({ id, from, removed, queue, offset, paused, jobs }, index): ScheduleChange => {
        const before = planned.findLastIndex((other, place) => place < index && other.id === id);
        const stored = model.schedules([id])[0]?.version ?? null;
        const current = before < 0 ? stored : planned[before]!.removed ? null : `v${turn}.${before}`;
        const version = `v${turn}.${index}`;
        const nextRunAt = offset === null ? null : now + offset;
        const definition = values.bytes(`${version} of ${id}`);
        return {
          id,
          from: from === "current" ? current : from === "none" ? null : "v0",
          to: removed ? null : { id, version, queue, nextRunAt, paused, definition },
          jobs: insertable(jobs, situation),
        };
      },
    );
    return call("changeSchedules", changes);
  };
});

const cancel = fc.tuple(someIds, fc.constantFrom("one", "other")).map(([choices, reason]): Operation => {
  return ({ now, model }) => {
    const unfinished = model.list({}, values.all).filter(({ state }) => !isFinal(state));
    return call("cancel", chooseEach(choices, unfinished), reason, now);
  };
});

const retry = someIds.map((choices): Operation => {
  return ({ now, model }) => {
    const finished = model.list({}, values.all).filter(({ state }) => isFinal(state));
    return call("retry", chooseEach(choices, finished), now);
  };
});

const pause = fc.tuple(values.aQueue, fc.boolean()).map(([queue, paused]) => always("pause", queue, paused));

const prune = few.map((limit): Operation => {
  return ({ now, model }) => {
    const times = model
      .list({}, values.all)
      .map(keptUntil)
      .sort((a, b) => a - b);
    // The contract does not say which of those overdue equally long goes first: the limit takes them all.
    const tied = limit === 0 ? 0 : times.filter((time) => time === times[limit - 1]).length;
    const before = limit === 0 ? 0 : times.filter((time) => time < times[limit - 1]!).length;
    return call("prune", now, before + tied);
  };
});

const aGroup = fc.record({
  queue: values.aQueue,
  task: values.aTask,
  state: fc.constantFrom(...finalStates),
});

const trim = fc.tuple(mostly(aGroup), fc.nat(2), fc.nat(3)).map(([group, count, limit]): Operation => {
  return ({ model }) => {
    const ended = finalStates.flatMap((state) => {
      return model.list({ state }, values.all).map(({ queue, task }) => ({ queue, task, state }));
    });
    const chosen = choose(group, ended);
    const { queue, task, state } = chosen;
    const times = model
      .list({ queue, task, state }, values.all)
      .map(({ finishedAt }) => finishedAt!)
      .sort((a, b) => a - b);
    const surplus = Math.min(limit, times.length - count);
    if (surplus <= 0) return call("trim", chosen, count, limit);
    // The contract does not say which of those that ended together goes first: all do.
    const gone = times.filter((time) => time <= times[surplus - 1]!).length;
    return call("trim", chosen, times.length - gone, gone);
  };
});

const filter = fc.record(
  {
    state: fc.constantFrom(...jobStates),
    task: values.aTask,
    queue: values.aQueue,
    worker: values.aWorker,
  } satisfies Record<keyof JobFilter, unknown>,
  { requiredKeys: [] },
);

const list = fc
  .tuple(fc.oneof(filter, fc.constant({})), few, fc.option(mostly(values.anId)))
  .map(([filter, limit, last]): Operation => {
    return ({ model }) => {
      const matching = values.idsOf(model.list(filter, values.all));
      return call("list", filter, { limit, ...(last && { after: choose(last, matching) }) });
    };
  });

const nextRunAt = values.anyQueues.map((queues) => always("nextRunAt", queues));

const get = values.anyIds.map((ids) => always("get", ids));

const nextSchedules = few.map((limit) => always("nextSchedules", limit));

const schedules = fc.array(fc.constantFrom("s3", "s1", "s2", "s4")).map((ids) => always("schedules", ids));

export const anOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: insert },
  { weight: 8, arbitrary: claim },
  { weight: 8, arbitrary: settle },
  { weight: 8, arbitrary: heartbeat },
  { weight: 4, arbitrary: recover },
  { weight: 2, arbitrary: note },
  { weight: 2, arbitrary: claimParked },
  { weight: 3, arbitrary: changeSchedules },
  { weight: 3, arbitrary: cancel },
  { weight: 3, arbitrary: retry },
  { weight: 2, arbitrary: pause },
  { weight: 2, arbitrary: prune },
  { weight: 2, arbitrary: trim },
  { weight: 2, arbitrary: list },
  { weight: 1, arbitrary: nextRunAt },
  { weight: 1, arbitrary: get },
  { weight: 1, arbitrary: nextSchedules },
  { weight: 1, arbitrary: schedules },
);

/** An id belongs to one queue: that a call is repeated adds nothing, but nobody gives an id to another job. */
function insertable(jobs: readonly values.AJob[], { now, spent, model }: Situation): NewJob[] {
  return jobs
    .filter(({ id }) => !spent.has(id) || model.get([id])[0])
    .map(({ id, offset, fields }) => {
      const queue = values.queues[values.ids.indexOf(id) % values.queues.length]!;
      return { ...values.defaults, id, queue, runAt: now + offset, ...fields };
    });
}
