import type { Job } from "../../src/index.ts";
import { isFinal } from "../../src/job.ts";
import type { Schedule } from "../../src/storage/storage.ts";
import { checkBegin, checkChange } from "./invariants.ts";
import { type Kind, kindOf } from "./tasks.ts";
import type { Actor, World } from "./world.ts";

/** What is known of a job from watching the storage, and the processes, from outside. */
export interface Watched {
  /** How it is called in a trace. */
  name: string;
  kind: Kind;
  job: Job;
  /** Why somebody was the first to ask for its end. */
  askedToEnd: string | null;
  /** When somebody asked, if it was running then and has not ended since. */
  toEndSince: number | null;
  /** By what method of the storage each of its claims ended, and when, in true time. */
  ends: Map<number, { by: string; at: number }>;
  executions: Execution[];
}

export interface Execution {
  claims: number;
  worker: Actor;
  process: Actor;
  /** `null` while it goes on. */
  ended: number | null;
  how: string;
  /** Whether its worker has heard of its end. */
  isReported: boolean;
}

export type History = ReturnType<typeof createHistory>;

/** Remembers what took effect in the storage and what executed, and checks it as it happens. */
export function createHistory(world: World) {
  const jobs = new Map<string, Watched>();
  const schedules = new Map<string, Schedule | null>();
  const occurrences = new Map<string, string>();
  const keys = new Map<string, Watched>();

  function claimOf(execution: string): { known: Watched; claims: number } {
    const [id, claims] = execution.split(":");
    return { known: jobs.get(id!)!, claims: Number(claims) };
  }

  function appeared(job: Job): Watched {
    const known: Watched = {
      name: world.name("j"),
      kind: kindOf(job.task),
      job,
      askedToEnd: null,
      toEndSince: null,
      ends: new Map(),
      executions: [],
    };
    jobs.set(job.id, known);
    world.say(world.nobody, () => `new ${known.name} ${known.kind} ${job.key ?? ""} ${job.schedule ?? ""}`);
    if (job.schedule !== null && job.scheduledFor !== null) {
      const occurrence = `${job.schedule} at ${job.scheduledFor}`;
      const other = occurrences.get(occurrence);
      if (other) world.violate("an occurrence makes one job", `${occurrence}: ${other} and ${known.name}`);
      occurrences.set(occurrence, known.name);
    }
    return known;
  }

  function checkKey(known: Watched): void {
    const { key, queue, state } = known.job;
    if (key === null || isFinal(state)) return;
    const place = `${key} in ${queue}`;
    const holder = keys.get(place) ?? known;
    if (holder !== known && !isFinal(holder.job.state)) {
      world.violate("one job at a time has a key", `${place}: ${holder.name} and ${known.name}`);
    }
    keys.set(place, known);
  }

  function executionOf(name: string): Execution | undefined {
    const { known, claims } = claimOf(name);
    return known.executions.findLast((each) => each.claims === claims);
  }

  return {
    jobs,
    schedules,

    /** What a job is after a method of the storage may have changed it. */
    sees(id: string, after: Job | null, method: string): void {
      if (!after) return world.violate("no job is lost", `${id} is not there after ${method}`);
      const known = jobs.get(id) ?? appeared(after);
      checkKey(known);
      const before = known.job;
      if (before.state === after.state && before.claims === after.claims) return;
      const change = () => `${method} ${known.name}:${after.claims} ${before.state} -> ${after.state}`;
      world.say(world.nobody, change);
      checkChange(world, known, after, method);
      if (before.state === "running") known.ends.set(before.claims, { by: method, at: world.now() });
      if (method === "retry") known.askedToEnd = null;
      if (isFinal(after.state)) known.toEndSince = null;
      known.job = after;
      checkKey(known);
    },

    /** Returns how many executions of the job have ended by themselves. */
    began(name: string, worker: Actor, process: Actor): number {
      const { known, claims } = claimOf(name);
      world.say(process, () => `begins ${known.name}:${claims}`);
      const execution: Execution = { claims, worker, process, ended: null, how: "", isReported: false };
      checkBegin(world, known, execution);
      known.executions.push(execution);
      return known.executions.filter(({ ended }) => ended !== null).length;
    },

    reported(name: string): void {
      const execution = executionOf(name);
      if (execution) execution.isReported = true;
    },

    ended(name: string, how: string): void {
      const execution = executionOf(name)!;
      world.say(execution.process, () => `ends ${claimOf(name).known.name}:${execution.claims} ${how}`);
      Object.assign(execution, { ended: world.now(), how });
    },
  };
}
