/** That the soak can fail: each law is broken by a small lie in evidence that is right otherwise. */
import { expect, test } from "bun:test";
import { encode } from "../../src/codec.ts";
import type { Job } from "../../src/index.ts";
import { aJob, pending } from "../../src/testing/builders.ts";
import { check, type Law } from "./checker.ts";
import type { Evidence, Execution } from "./evidence.ts";

const bytes = (value: unknown) => encode(value, { root: "test", limit: 1_000_000 });

/** An execution by worker 1 in process 10, named as its token. */
function execution(token: string, job: string, task: string, fields: Partial<Execution> = {}): Execution {
  const times = { runAt: 100, beganAt: 100, endedAt: 101 };
  return { token, id: job, task, attempt: 1, worker: 1, pid: 10, ...times, ...fields };
}

function ended(id: string, task: string, fields: Partial<Job>): Job {
  return {
    ...pending(aJob({ id, task, createdAt: 90, runAt: 100 })),
    attempt: 1,
    finishedAt: 200,
    ...fields,
  };
}

function error(name: string, attempt: number, pid = 10, message = "") {
  return { name, message, stack: "", attempt, startedAt: 100, finishedAt: 101, worker: "w", pid };
}

/** Two held jobs in order; one quick, one broken, one cancelled, one of a schedule; two that had the same key in turn. */
function right(): Evidence {
  const succeeded = (token: string): Partial<Job> => ({ state: "succeeded", result: bytes({ token }) });
  const errors = bytes([1, 2, 3].map((attempt) => error("RangeError", attempt)));
  const occurrence = { schedule: "s", scheduledFor: 100 };
  const broken = [1, 2, 3].map((attempt) =>
    execution(`b${attempt}`, "broken", "broken", { attempt, endedAt: 100 }),
  );
  const held = { queue: "held", finishedAt: 600 };
  const jobs = [
    ended("quick", "quick", succeeded("q")),
    ended("broken", "broken", { state: "failed", attempt: 3, errors }),
    ended("withdrawn", "slow", { state: "cancelled", attempt: 0 }),
    ended("ticked", "ticked", { ...succeeded("t"), ...occurrence }),
    ended("first", "single", { ...succeeded("f"), finishedAt: 110 }),
    ended("second", "single", { ...succeeded("s"), createdAt: 108 }),
    ended("held 1", "held", { ...succeeded("h1"), ...held }),
    ended("held 2", "held", { ...succeeded("h2"), ...held }),
  ];
  const enqueued = { kind: "enqueued", key: null, existing: false, at: 95 } as const;
  return {
    executions: [
      execution("q", "quick", "quick"),
      ...broken,
      execution("t", "ticked", "ticked"),
      execution("f", "first", "single"),
      execution("s", "second", "single"),
      execution("h1", "held 1", "held", { beganAt: 510, endedAt: 511 }),
      execution("h2", "held 2", "held", { beganAt: 520, endedAt: 521 }),
    ],
    requests: [
      { ...enqueued, id: "quick", task: "quick" },
      { ...enqueued, id: "first", task: "single", key: "k" },
      { ...enqueued, id: "second", task: "single", key: "k", at: 112 },
      { kind: "cancelling", id: "withdrawn", at: 96 },
      { kind: "cancelled", id: "withdrawn", was: "pending", at: 97 },
    ],
    chaos: [
      { kind: "worker started", worker: 1, concurrency: 1, at: 0 },
      { kind: "worker started", worker: 2, concurrency: 2, at: 0 },
      { kind: "held queue resumed", at: 500 },
      { kind: "worker asked to end", worker: 1, at: 700 },
      { kind: "worker ended", worker: 1, code: 0, at: 701 },
    ],
    events: jobs.map(({ id, state }) => ({ type: state, worker: 1, id, at: 200 })),
    jobs,
    disagreeing: [],
    counts: [
      {
        name: "all",
        paused: false,
        pending: 0,
        running: 0,
        succeeded: 6,
        failed: 1,
        cancelled: 1,
        nextRunAt: null,
        added: 7,
      },
    ],
    schedules: [{ id: "s", made: 1 }],
  };
}

function change(evidence: Evidence, id: string, fields: Partial<Job>): void {
  evidence.jobs = evidence.jobs.map((job) => (job.id === id ? { ...job, ...fields } : job));
}

const executionOf = ({ executions }: Evidence, token: string) =>
  executions.find((execution) => execution.token === token)!;

/** Another execution of a job right behind the one it had. */
function again(evidence: Evidence, token: string, fields: Partial<Execution> = {}): void {
  const index = evidence.executions.findIndex((execution) => execution.token === token);
  evidence.executions.splice(index, 0, { ...executionOf(evidence, token), token: "before", ...fields });
}

const lies: Record<Law, Record<string, (evidence: Evidence) => void>> = {
  "no confirmed job is lost": {
    "a confirmed job is not there": ({ requests }) => {
      requests.push({ kind: "enqueued", id: "gone", task: "quick", key: null, existing: false, at: 1 });
    },
  },
  "nothing is left undone": {
    "one is still pending": (evidence) => {
      evidence.jobs.push(pending(aJob({ task: "quick" })));
      evidence.counts[0]!.pending++;
    },
    "one went on until its worker ended": ({ chaos }) => void chaos.push({ kind: "not all done", at: 600 }),
  },
  "each ends as its task must": {
    "a broken one has succeeded": (evidence) => {
      change(evidence, "broken", { state: "succeeded", attempt: 4, result: bytes({ token: "b4" }) });
      evidence.executions.splice(4, 0, execution("b4", "broken", "broken", { attempt: 4 }));
      Object.assign(evidence.counts[0]!, { succeeded: 7, failed: 0 });
    },
  },
  "none is given up for its workers' deaths": {
    "one has reached the limit": (evidence) => {
      const message = "10 workers or processes died while they held the job";
      const errors = [1, 2].map((attempt) => error("RangeError", attempt));
      const last = error("RangeError", 3, 10, message);
      change(evidence, "broken", { errors: bytes([...errors, last]) });
    },
  },
  "the innocent are not charged": {
    "a quick one has an error": (evidence) => {
      again(evidence, "q", { endedAt: null });
      executionOf(evidence, "q").attempt = 2;
      change(evidence, "quick", { attempt: 2, errors: bytes([error("ProcessDiedError", 1)]) });
    },
    "an attempt of one has gone astray": (evidence) => change(evidence, "quick", { attempt: 2 }),
    "a cancelled one has an error": (evidence) => {
      evidence.executions.unshift(execution("w", "withdrawn", "slow", { beganAt: 96 }));
      evidence.executions[0]!.runAt = 96;
      change(evidence, "withdrawn", { errors: bytes([error("Error", 1)]) });
    },
  },
  "the guilty are charged for each failed attempt": {
    "one attempt less": (evidence) => {
      const errors = bytes([1, 2].map((attempt) => error("RangeError", attempt)));
      change(evidence, "broken", { errors, attempt: 2 });
    },
    "another error than its own": (evidence) => {
      const names = ["RangeError", "RangeError", "ProcessDiedError"];
      change(evidence, "broken", { errors: bytes(names.map((name, index) => error(name, index + 1))) });
    },
  },
  "what is stored is what an execution did": {
    "a result that no execution gave": (evidence) =>
      change(evidence, "quick", { result: bytes({ token: "x" }) }),
    "the result of an execution that did not end": (evidence) => {
      executionOf(evidence, "q").endedAt = null;
    },
    "the result of another job": (evidence) => change(evidence, "quick", { result: bytes({ token: "t" }) }),
    "an error of a process that never had it": (evidence) => {
      const errors = [1, 2, 3].map((attempt) => error("RangeError", attempt, attempt === 2 ? 11 : 10));
      change(evidence, "broken", { errors: bytes(errors) });
    },
  },
  "none is settled twice": {
    "two workers have": ({ events }) => {
      events.push({ type: "succeeded", worker: 2, id: "quick", at: 200 });
    },
  },
  "none begins after its end": {
    "one does whose worker was killed when it had ended": ({ executions, chaos }) => {
      executions.push(execution("late", "quick", "quick", { beganAt: 205, endedAt: 206 }));
      chaos.push({ kind: "worker killed", worker: 1, at: 102 });
    },
    "one does whose worker had been stopped": ({ executions, chaos }) => {
      executions.push(execution("late", "quick", "quick", { worker: 2, beganAt: 205, endedAt: 206 }));
      chaos.push({ kind: "worker stopped", worker: 2, at: 99 });
      chaos.push({ kind: "worker killed", worker: 1, at: 102 });
    },
  },
  "none runs twice at once": {
    "the worker of one was asked to end": (evidence) => {
      again(evidence, "q", { worker: 2, endedAt: 101 });
      evidence.chaos.push({ kind: "worker asked to end", worker: 2, at: 100 });
    },
  },
  "none is repeated without cause": {
    "nothing was done to anyone": (evidence) => again(evidence, "q", { endedAt: null }),
    "another process was killed": (evidence) => {
      again(evidence, "q", { endedAt: null });
      evidence.chaos.push({ kind: "process killed", worker: 1, pid: 11, at: 100 });
    },
    "its process died of the job behind it, which began when it had been reported": (evidence) => {
      again(evidence, "q", { endedAt: 100 });
      evidence.executions.push(execution("e", "gone", "exits", { endedAt: null, beganAt: 102 }));
    },
    "its worker was killed when it had long ended": (evidence) => {
      evidence.chaos.push({ kind: "worker killed", worker: 2, at: 10_000 });
      evidence.executions.push(execution("q2", "quick", "quick", { beganAt: 10_001, endedAt: 10_002 }));
      executionOf(evidence, "q").worker = 2;
      change(evidence, "quick", { result: bytes({ token: "q2" }), finishedAt: 10_003 });
    },
  },
  "none begins early": {
    "by a millisecond": (evidence) => {
      executionOf(evidence, "q").beganAt = 99;
    },
  },
  "a queue keeps its order": {
    "two that are alike change places": (evidence) => {
      executionOf(evidence, "h1").id = "held 2";
      executionOf(evidence, "h2").id = "held 1";
      change(evidence, "held 1", { result: bytes({ token: "h2" }) });
      change(evidence, "held 2", { result: bytes({ token: "h1" }) });
    },
    "the second was more urgent": (evidence) => change(evidence, "held 2", { priority: "high" }),
    "the second was due before": (evidence) => change(evidence, "held 2", { runAt: 99 }),
  },
  "a paused queue gives nothing out": {
    "one ran before": (evidence) => {
      executionOf(evidence, "h1").beganAt = 499;
    },
  },
  "an occurrence has one job": {
    "one has two": (evidence) => {
      change(evidence, "quick", { schedule: "s", scheduledFor: 100 });
      evidence.schedules[0]!.made = 2;
    },
    "one has none": ({ schedules }) => {
      schedules[0]!.made = 2;
    },
  },
  "a key has one job at a time": {
    "one was added before the other had ended": (evidence) => {
      change(evidence, "first", { finishedAt: 150 });
    },
  },
  "who is cancelled was asked to, and ends": {
    "nobody asked": (evidence) => {
      evidence.requests = evidence.requests.filter(({ kind }) => kind === "enqueued");
    },
    "it ran after it was cancelled": ({ executions }) => {
      executions.unshift(execution("w", "withdrawn", "slow"));
    },
  },
  "workers end well, and only when they must": {
    "one ends by itself": ({ chaos }) => {
      chaos.push({ kind: "worker ended", worker: 2, code: 0, at: 300 });
    },
    "one that was asked to end could not record all": ({ chaos }) => {
      chaos.push({ kind: "worker asked to end", worker: 2, at: 300 });
      chaos.push({ kind: "worker ended", worker: 2, code: 1, at: 301 });
    },
    "one was killed, as it did not end": ({ chaos }) => {
      chaos.push({ kind: "worker asked to end", worker: 2, at: 300 });
      chaos.push({ kind: "worker ended", worker: 2, code: 137, at: 20_301 });
    },
  },
  "the storage tells one story": {
    "another when it is asked for a job": ({ disagreeing }) => void disagreeing.push("quick"),
    "another when it counts": ({ counts }) => {
      counts[0]!.running = 1;
    },
  },
};

const all = Object.entries(lies).flatMap(([law, some]) =>
  Object.entries(some).map(([lie, tell]) => [law as Law, lie, tell] as const),
);

test.each(all)("%s: %s", (law, _, tell) => {
  const evidence = right();
  tell(evidence);
  const broken = check(evidence).map((violation) => violation.law);
  expect([...new Set(broken)]).toEqual([law]);
});

test("evidence in which everything is right breaks no law", () => {
  expect(check(right())).toEqual([]);
});

const causes: Record<string, (evidence: Evidence) => void> = {
  "its process was killed": ({ chaos }) => {
    chaos.push({ kind: "process killed", worker: 2, pid: 10, at: 100 });
  },
  "its worker was killed": ({ chaos }) => void chaos.push({ kind: "worker killed", worker: 2, at: 100 }),
  "its worker was stopped": ({ chaos }) => void chaos.push({ kind: "worker stopped", worker: 2, at: 100 }),
  "its worker lost its lease": ({ events }) => void events.push({ type: "lease-lost", worker: 2, at: 100 }),
  "the server was killed": ({ chaos }) => void chaos.push({ kind: "server killed", at: 100 }),
  "its process died of another job": ({ executions }) => {
    executions.unshift(execution("e", "gone", "exits", { worker: 2, endedAt: null }));
  },
};

test("two executions may overlap if the worker of the first was stopped", () => {
  const evidence = right();
  again(evidence, "q", { worker: 2, endedAt: 101 });
  evidence.chaos.push({ kind: "worker stopped", worker: 2, at: 99 });
  expect(check(evidence)).toEqual([]);
});

test.each(Object.entries(causes))("an execution may be repeated if %s", (_, tell) => {
  const evidence = right();
  again(evidence, "q", { worker: 2, endedAt: null });
  tell(evidence);
  expect(check(evidence)).toEqual([]);
});
