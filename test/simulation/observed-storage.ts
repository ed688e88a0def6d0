import type { Storage } from "../../src/index.ts";
import type { History } from "./history.ts";
import { checkOutcome } from "./invariants.ts";
import type { World } from "./world.ts";

interface Observer {
  world: World;
  history: History;
  /** Whether there is a reason for others to take over the jobs of the worker of this id. */
  mayLoseJobs(worker: string): boolean;
}

/** A storage whose every change is seen right when it takes effect. */
export function observedStorage(raw: Storage, { world, history, mayLoseJobs }: Observer): Storage {
  async function look(ids: readonly string[], method: string): Promise<void> {
    const jobs = ids.length === 0 ? [] : await raw.get(ids);
    for (const [index, id] of ids.entries()) history.sees(id, jobs[index] ?? null, method);
  }

  const observed: Partial<Storage> = {
    async insert(...values) {
      const ids = await raw.insert(...values);
      await look(ids, "insert");
      return ids;
    },
    async claim(...values) {
      const jobs = await raw.claim(...values);
      for (const job of jobs) history.sees(job.id, job, "claim");
      return jobs;
    },
    async claimParked(...values) {
      const jobs = await raw.claimParked(...values);
      for (const job of jobs) history.sees(job.id, job, "claim");
      return jobs;
    },
    async settle(...values) {
      const [worker, outcomes] = values;
      const applied = await raw.settle(...values);
      for (const [index, outcome] of outcomes.entries()) {
        checkOutcome(world, history.jobs.get(outcome.id)!, outcome, worker, applied[index]!);
      }
      const ids = outcomes.map(({ id }) => id);
      await look(ids, "settle");
      return applied;
    },
    async recover(...values) {
      const ids = await raw.recover(...values);
      for (const { name, job } of ids.flatMap((id) => history.jobs.get(id) ?? [])) {
        if (mayLoseJobs(job.worker!)) continue;
        world.violate("who is alive and reaches the storage keeps its jobs", `${name} was taken from it`);
      }
      await look(ids, "recover");
      return ids;
    },
    async cancel(...values) {
      const [ids, reason] = values;
      const states = await raw.cancel(...values);
      for (const known of ids.flatMap((id) => history.jobs.get(id) ?? [])) {
        const { state } = known.job;
        if (state === "pending" || state === "running") known.askedToEnd ??= reason;
        if (state === "running") known.toEndSince ??= world.now();
        world.say(world.nobody, () => `cancel ${known.name}, which is ${state}`);
      }
      await look(ids, "cancel");
      return states;
    },
    async retry(...values) {
      const answers = await raw.retry(...values);
      await look(values[0], "retry");
      return answers;
    },
    async changeSchedules(...values) {
      const [changes] = values;
      const applied = await raw.changeSchedules(...values);
      for (const [index, { id, to, jobs }] of changes.entries()) {
        if (!applied[index]) continue;
        history.schedules.set(id, to);
        const stored = await raw.get(jobs.map((job) => job.id));
        // Where another job has the key, an occurrence makes none.
        const made = stored.filter((job) => job !== null);
        for (const job of made) history.sees(job.id, job, "changeSchedules");
        world.say(world.nobody, () => `schedule ${id} made ${made.length}`);
      }
      return applied;
    },
  };
  return new Proxy(raw, {
    get: (target, name: keyof Storage) => observed[name] ?? target[name],
  });
}
