import { LeaseLostError, StorageError } from "../errors.ts";
import type { Job, JobState } from "../job.ts";
import { redisAddress } from "./redis/address.ts";
import { Connection } from "./redis/connection.ts";
import {
  asTime,
  type Counted,
  packed,
  packWorker,
  queueCounts,
  unpackJobs,
  unpackSchedules,
  unpackWorker,
} from "./redis/documents.ts";
import { storageKeys } from "./redis/keys.ts";
import {
  distinct,
  insertions,
  isRemembered,
  queuesOf,
  type Request,
  scheduleChange,
  settlement,
  withoutAbsent,
} from "./redis/requests.ts";
import { evaluate, type Script, scripts } from "./redis/scripts.ts";
import { checkup } from "./redis/server.ts";
import { openWakeLine, type WakeLine } from "./redis/wake.ts";
import { claimBytes, type Outcome, type Schedule, type Storage } from "./storage.ts";
import { asRunning } from "./transitions.ts";

/** How many jobs or schedules one script looks at to list some: more would hold up the others. */
const examinedAtOnce = 1_000;

/** How often a script over all queues is tried while others add queues. */
const mostAttempts = 20;

/** Instead of its input, which a handle need not remember of a job that it has claimed. */
const noInput = new Uint8Array();

/** Keeps everything in a Redis or Valkey, for any number of programs on any number of machines. */
export function openRedis(url: string): Storage {
  const address = redisAddress(url);
  const connection = new Connection(address);
  const keys = storageKeys(address.prefix);
  const globalKeys = [
    keys.queues,
    keys.anyWake,
    keys.workers,
    keys.leases,
    keys.holding,
    keys.schedules,
    keys.upcoming,
  ];
  const wakeLines = new Map<string, WakeLine>();
  /** The jobs that this handle has claimed and not settled, as they became then: nobody else changes them. */
  const claimed = new Map<string, Job>();
  let known: string[] = [];
  let calls = 0;
  let heartbeats = 0;

  function run(script: Script, queues: readonly string[], request: Request = {}) {
    const { asked = {}, bytes = [], repeatable = true } = request;
    const illFormed = queues.find((queue) => !queue.isWellFormed());
    if (illFormed !== undefined) {
      throw new StorageError(
        `a queue cannot be called ${JSON.stringify(illFormed)}: half of a character is missing`,
      );
    }
    const values = [packed({ ...asked, queues }), ...bytes];
    // Of its own for each call, so that what a late one leaves is not taken for the answer to another.
    const handoff = `${keys.handoff}:${calls++}`;
    const touched = [handoff, ...globalKeys, ...queues.flatMap(keys.ofQueue)];
    return connection.use((client) => evaluate(client, script, touched, values), { repeatable });
  }

  /** Runs a script over every queue there is, of which other handles may have added some. */
  async function runOverAll(script: Script, request: Request = {}) {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const queues = known;
      const result = await run(script, queues, { ...request, asked: { ...request.asked, all: true } });
      if (result.answer !== "more queues") return { ...result, queues };
      await queueRecords();
    }
    throw new StorageError(`storage ${address.shown}: its queues change faster than they can be read`);
  }

  function command<T>(name: string, ...values: string[]): Promise<T> {
    return connection.use((client) => client.send(name, values), { repeatable: true });
  }

  async function queueRecords() {
    const paused = await command<Record<string, string>>("HGETALL", keys.queues);
    known = Object.keys(paused).sort();
    return known.map((name) => ({ name, paused: paused[name] === "1" }));
  }

  /** The jobs of the outcomes as they were claimed, by this handle or another. */
  async function claimedJobs(outcomes: readonly Outcome[]): Promise<(Job | null)[]> {
    const own = ({ id, claims }: Outcome) => {
      const job = claimed.get(id);
      return job?.claims === claims ? job : undefined;
    };
    const unknown = outcomes.filter((outcome) => !own(outcome)).map(({ id }) => id);
    const stored = unknown.length === 0 ? [] : await jobsOf(unknown);
    // What is read as the reason of a running job is why somebody wants it cancelled: the claim left it none.
    const found = new Map(stored.map((job, index) => [unknown[index], job && { ...job, reason: null }]));
    return outcomes.map((outcome) => own(outcome) ?? found.get(outcome.id) ?? null);
  }

  async function claim(
    queues: readonly string[],
    wanted: { worker: string; limit: number; now: number; parked?: object },
  ) {
    const { worker, now } = wanted;
    const asked = { ...wanted, bytes: claimBytes };
    const { answer, bytes } = await run(scripts.claim, queues, { asked, repeatable: false });
    if (answer === "no lease") throw new LeaseLostError(worker);
    const jobs = unpackJobs(bytes, answer as number).map((job) => asRunning(job!, worker, now));
    for (const job of jobs) claimed.set(job.id, { ...job, input: noInput });
    return jobs;
  }

  async function jobsOf(ids: readonly string[]) {
    const found: (Job | null)[] = [];
    do {
      const asked = { ids: ids.slice(found.length), bytes: claimBytes };
      const { answer, bytes } = await runOverAll(scripts.get, { asked });
      found.push(...unpackJobs(bytes, answer as number));
    } while (found.length < ids.length);
    return found;
  }

  function wakeLine(queues: readonly string[] | null): WakeLine {
    const name = JSON.stringify(queues);
    const lists = queues?.map(keys.wake) ?? [keys.anyWake];
    const line = wakeLines.get(name) ?? openWakeLine(address, lists, (list) => command("LPUSH", list, "1"));
    wakeLines.set(name, line);
    return line;
  }

  return {
    async insert(jobs) {
      const queues = distinct(jobs.map((job) => job.queue));
      const bytes: Uint8Array[] = [];
      const asked = { jobs: insertions(jobs, queues, bytes) };
      const repeatable = jobs.every(isRemembered);
      const ids = jobs.map(({ id }) => id);
      const { answer } = await run(scripts.insert, queues, { asked, bytes, repeatable });
      for (const [place, holder] of answer as [number, string][]) ids[place - 1] = holder;
      return ids;
    },

    claim: (worker, queues, limit, now) => claim(queues, { worker, limit, now }),

    claimParked: (worker, { queues, tasks, sources }, limit, now) =>
      claim(queues, { worker, limit, now, parked: { tasks, sources } }),

    async settle(worker, outcomes, now) {
      const jobs = await claimedJobs(outcomes);
      const queues = distinct(jobs.flatMap((job) => job?.queue ?? []));
      const settlements = outcomes.map((outcome, index) => settlement(jobs[index], queues, outcome, now));
      const sent = settlements.filter((settlement) => settlement !== null);
      const asked = { worker, now, outcomes: sent.flatMap(({ move }) => move) };
      const bytes = sent.map(({ changes }) => changes);
      const { answer } = await run(scripts.settle, queues, { asked, bytes, repeatable: false });
      for (const { id } of outcomes) claimed.delete(id);
      const applied = (answer as number[]).values();
      return settlements.map((settlement) => settlement !== null && applied.next().value === 1);
    },

    async note(worker, notes) {
      const asked = { worker, notes: notes.map(({ id, claims }) => [id, claims]) };
      await runOverAll(scripts.note, { asked, bytes: notes.map((note) => note.notes) });
      for (const { id, claims, notes: bytes } of notes) {
        const job = claimed.get(id);
        if (job?.claims === claims) job.notes = bytes;
      }
    },

    async heartbeat(worker) {
      const sent = { by: keys.handoff, count: heartbeats++ };
      const { answer } = await runOverAll(scripts.heartbeat, { asked: packWorker(worker, sent) });
      const [running, ids, reasons, registeredAt] = answer as [number, string[], string[], number];
      const cancel = ids.map((id, index) => ({ id, reason: reasons[index]! }));
      return { running, cancel, registeredAt };
    },

    async recover(now) {
      const { answer } = await runOverAll(scripts.recover, { asked: { now } });
      return answer as string[];
    },

    async schedules(ids) {
      const wanted = ids ? distinct(ids) : await command<string[]>("HKEYS", keys.schedules);
      const found: (Schedule | null)[] = [];
      while (found.length < wanted.length) {
        const asked = { ids: wanted.slice(found.length, found.length + examinedAtOnce), bytes: claimBytes };
        const { answer, bytes } = await run(scripts.schedules, [], { asked });
        found.push(...unpackSchedules(bytes, answer as number));
      }
      return found.filter((schedule) => schedule !== null).sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    async nextSchedules(limit) {
      const { answer, bytes } = await run(scripts.nextSchedules, [], { asked: { limit, bytes: claimBytes } });
      return unpackSchedules(bytes, answer as number).filter((schedule) => schedule !== null);
    },

    async changeSchedules(changes) {
      const queues = distinct(changes.flatMap(queuesOf));
      const bytes: Uint8Array[] = [];
      const asked = { changes: changes.map((change) => scheduleChange(change, queues, bytes)) };
      const request = { asked, bytes, repeatable: false };
      const { answer } = await run(scripts.changeSchedules, queues, request);
      return (answer as number[]).map((applied) => applied === 1);
    },

    async nextRunAt(queues) {
      const { answer } = await run(scripts.nextRunAt, queues);
      return asTime(answer);
    },

    onWake(queues, callback) {
      connection.assertOpen();
      return wakeLine(queues).listen(callback);
    },

    get: jobsOf,

    async states(ids) {
      const { answer } = await runOverAll(scripts.states, { asked: { ids } });
      return answer as (JobState | null)[];
    },

    async list({ queue, state, task, worker }, page) {
      const found: Job[] = [];
      for (let { after } = page, more = true; more && found.length < page.limit; ) {
        const limit = page.limit - found.length;
        const wanted = { state, task, worker, after, limit };
        const request = { asked: withoutAbsent({ ...wanted, examine: examinedAtOnce, bytes: claimBytes }) };
        const { answer, bytes } = await (queue === undefined
          ? runOverAll(scripts.list, request)
          : run(scripts.list, [queue], request));
        const [count, last, hasMore] = answer as [number, string | null, number];
        found.push(...(unpackJobs(bytes, count) as Job[]));
        after = last ?? undefined;
        more = hasMore === 1;
      }
      return found;
    },

    async counts() {
      const { answer, queues } = await runOverAll(scripts.counts);
      return (answer as Counted[]).map((counted, index) => queueCounts(queues[index]!, counted));
    },

    queues: queueRecords,

    async workers() {
      const stored = await command<string[]>("HVALS", keys.workers);
      return stored.map(unpackWorker).sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    async cancel(ids, reason, now) {
      const { answer } = await runOverAll(scripts.cancel, { asked: { ids, reason, now }, repeatable: false });
      return answer as (JobState | null)[];
    },

    async retry(ids, now) {
      const { answer } = await runOverAll(scripts.retry, { asked: { ids, now }, repeatable: false });
      return (answer as number[]).map((retried) => retried === 1);
    },

    async pause(queue, paused) {
      await run(scripts.pause, [queue], { asked: { paused } });
    },

    async prune(now, limit) {
      const { answer } = await runOverAll(scripts.prune, { asked: { now, limit } });
      return answer as number;
    },

    async trim({ queue, task, state }, count, limit) {
      const { answer } = await run(scripts.trim, [queue], { asked: { task, state, count, limit } });
      return answer as number;
    },

    check(now) {
      const calledAt = performance.now();
      const passed = () => performance.now() - calledAt;
      return connection.use((client) => checkup(client, now + passed()), { repeatable: true });
    },

    async close() {
      connection.close();
      for (const line of wakeLines.values()) line.close();
    },
  };
}
