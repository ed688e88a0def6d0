import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Job, priorities } from "../../src/job.ts";
import { projectRoot } from "../../src/project.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { discovered } from "../command.ts";
import { fromHere } from "../output.ts";
import type { Facts, Sources } from "./reasons.ts";

/** So many jobs that come before another are counted, and so many looked at for that. */
const mostCounted = 1_000;
const mostLookedAt = 10_000;
const pageSize = 200;

/** Gathers what there is to know of a job. @param root the project to look for its task in, if not the one around here. */
export async function factsOf(storage: Storage, job: Job, now: number, root?: string): Promise<Facts> {
  const [queues, workers, ahead, sources] = await Promise.all([
    storage.counts(),
    storage.workers(),
    countAhead(storage, job, now),
    job.parked === null ? null : sourcesHere(job.task, root),
  ]);
  return {
    job,
    paused: queues.some(({ name, paused }) => name === job.queue && paused),
    workers,
    running: queues.reduce((sum, queue) => sum + queue.running, 0),
    ahead,
    sources,
    now,
  };
}

/** How many due jobs of its queue a worker takes before this one. */
async function countAhead(storage: Storage, job: Job, now: number): Promise<Facts["ahead"]> {
  let count = 0;
  if (job.state !== "pending" || job.runAt > now) return { count, isExact: true };
  let looked = 0;
  const filter = { queue: job.queue, state: "pending" } as const;
  // Those made before it first: as a rule they are the ones.
  for (const isOlder of [true, false]) {
    let after = isOlder ? job.id : undefined;
    for (;;) {
      const page = await storage.list(filter, { limit: pageSize, ...(after !== undefined && { after }) });
      const others = isOlder ? page : page.filter(({ id }) => id > job.id);
      count += others.filter((other) => isBefore(other, job, now)).length;
      looked += page.length;
      if (count > mostCounted) return { count: mostCounted, isExact: false };
      if (others.length < page.length || page.length === 0) break;
      if (looked >= mostLookedAt) return { count, isExact: false };
      after = page.at(-1)!.id;
    }
  }
  return { count, isExact: true };
}

function isBefore(other: Job, job: Job, now: number): boolean {
  if (other.parked !== null || other.runAt > now) return false;
  const urgency = ({ priority }: Job) => priorities.indexOf(priority);
  const order = urgency(other) - urgency(job) || other.runAt - job.runAt;
  return order < 0 || (order === 0 && other.id < job.id);
}

/** What the sources of this project say of a task, `null` if there is no project. */
async function sourcesHere(task: string, given: string | undefined): Promise<Sources | null> {
  const root = given === undefined ? projectRoot() : resolve(given);
  if (given === undefined && !existsSync(join(root, "package.json"))) return null;
  const { tasks, sources } = discovered({}, root);
  const found = tasks.find(({ name }) => name === task);
  return { root, definedAt: found ? `${fromHere(found.file)}:${found.line}` : null, hash: sources };
}
