import { decode } from "../../src/codec.ts";
import { jobErrors } from "../../src/handle.ts";
import type { Job, Outcome } from "../../src/index.ts";
import { isFinal } from "../../src/job.ts";
import type { ScheduleDefinition } from "../../src/schedule.ts";
import type { Execution, History, Watched } from "./history.ts";
import { mannerOf, type Work } from "./tasks.ts";
import type { World } from "./world.ts";

/** What `src/worker/intake.ts` allows. */
const crashLimit = 10;

/** How many errors `src/worker/outcome.ts` remembers. */
const rememberedErrors = 10;

/** Whether an outcome may apply, and is just. */
export function checkOutcome(
  world: World,
  known: Watched,
  outcome: Outcome,
  worker: string,
  applied: boolean,
): void {
  const { job, name, kind } = known;
  const isCurrent = job.state === "running" && job.claims === outcome.claims && job.worker === worker;
  if (applied !== isCurrent) {
    const problem = applied ? "was applied, though it was not" : "was refused, though it was";
    world.violate("an outcome applies to the current claim, once", `${name}:${outcome.claims} ${problem}`);
  }
  if (!applied) return;
  const execution = known.executions.findLast(({ claims }) => claims === outcome.claims);
  const charged = outcome.kind === "retry" || (outcome.kind === "failed" && job.crashes < crashLimit);
  if (charged && mannerOf(kind).afterAttempts === "one" && mannerOf(kind).ends === "succeeded") {
    const { message } = jobErrors({ ...job, errors: outcome.errors }).at(-1)!;
    world.violate("an innocent is never charged", `${name} (${kind}): ${message}`);
  }
  if (charged && !execution) {
    world.violate("what is charged has executed", `${name}:${outcome.claims}`);
  }
  if (outcome.kind === "released" && execution?.how === "succeeded" && execution.isReported) {
    world.violate("a result that has reached the worker is recorded", `${name}:${outcome.claims}`);
  }
  if (outcome.kind === "succeeded" && execution?.how !== "succeeded") {
    world.violate("what has succeeded has executed", `${name}:${outcome.claims} ${execution?.how}`);
  }
}

/** Whether a job may go from one state to another by a call of this method. */
export function checkChange(world: World, known: Watched, after: Job, method: string): void {
  const { job: before, name } = known;
  const step = `${name}: ${method} made it ${after.state}, it was ${before.state}`;
  if (isFinal(before.state) && method !== "retry") world.violate("a final state is final", step);
  if (after.state === "cancelled" && known.askedToEnd === null) {
    world.violate("nothing is cancelled unless somebody asks", step);
  }
  if (method !== "claim") return;
  if (before.state !== "pending" || after.claims !== before.claims + 1) {
    world.violate("what is claimed was pending", step);
  }
  if (after.attempt > after.maxAttempts) {
    world.violate("there are no more attempts than allowed", `${name}: attempt ${after.attempt}`);
  }
  if (known.toEndSince !== null) world.violate("what was cancelled does not run again", step);
}

/**
 * Whether a job may begin to execute. Where the claim was taken from a worker that went silent, it may do so beside
 * another: that worker cannot know.
 */
export function checkBegin(world: World, known: Watched, { claims, process }: Execution): void {
  const isTaken = (claim: number) => known.ends.get(claim)?.by === "recover";
  if (isTaken(claims)) return;
  const { job, name } = known;
  if (job.state !== "running" || job.claims !== claims) {
    world.violate("what executes is claimed", `${name}:${claims} begins in ${process.name}`);
  }
  for (const other of known.executions) {
    const goesOn = other.ended === null && other.process.state !== "dead";
    if (!goesOn || isTaken(other.claims)) continue;
    const beside = `:${other.claims} in ${other.process.name}`;
    world.violate("a job executes once at a time", `${name}:${claims} in ${process.name} beside ${beside}`);
  }
}

/** What a worker hears from its heartbeat, a third of its lease apart, is done within this time. */
const longestObedience = 6_000;

/** Whether executions that must end have been ended in time, if their workers are well. */
export function checkEnded(
  world: World,
  known: Watched,
  wellFor: (worker: string, time: number) => number,
): void {
  for (const { claims, worker, process, ended } of known.executions) {
    if (ended !== null || process.state === "dead") continue;
    const end = known.ends.get(claims);
    const goesOn = `${known.name}:${claims} goes on in ${process.name} of ${worker.name}`;
    if (end?.by === "recover" && wellFor(worker.name, end.at) > longestObedience) {
      world.violate("who has lost its lease ends its jobs", goesOn);
    }
    if (known.toEndSince !== null && wellFor(worker.name, known.toEndSince) > longestObedience) {
      world.violate("what is cancelled ends soon", goesOn);
    }
  }
}

/** Whether all ended as they should, once everything is settled. */
export function checkEnds(world: World, history: History, stored: readonly Job[]): void {
  const byId = new Map(stored.map((job) => [job.id, job]));
  if (byId.size !== history.jobs.size)
    world.violate("no job is lost", `${history.jobs.size} were, ${byId.size} are`);
  for (const [id, known] of history.jobs) {
    const job = byId.get(id);
    if (!job || job.state !== known.job.state) {
      world.violate("nothing changes behind one's back", `${known.name} is ${job?.state}`);
    } else checkEnd(world, known, job);
  }
}

function checkEnd(world: World, { name, kind, askedToEnd, executions }: Watched, job: Job): void {
  const manner = mannerOf(kind);
  const { fails } = decode(job.input) as Work;
  const attempts = { one: 1, all: job.maxAttempts, "those that fail": fails + 1 }[manner.afterAttempts];
  const errors = jobErrors(job).length;
  if (job.state === "cancelled" && askedToEnd !== null) {
    if (job.reason === askedToEnd) return;
    world.violate("it is known why a job was cancelled", `${name}: ${job.reason}, not ${askedToEnd}`);
  }
  if (manner.isDangerous && job.crashes >= crashLimit && job.state === "failed") return;
  if (job.state !== manner.ends || job.attempt !== attempts) {
    world.violate(
      "every job ends as its task deserves",
      `${name} (${kind}) is ${job.state} in attempt ${job.attempt}, with ${job.crashes} crashes`,
    );
  }
  const fewest = manner.ends === "failed" ? attempts : attempts - 1;
  if (errors < Math.min(fewest, rememberedErrors) || (fewest === 0 && errors > 0)) {
    world.violate("every failed attempt is remembered", `${name} (${kind}) has ${errors} errors`);
  }
  const result = job.result && decode(job.result);
  if (job.state === "succeeded" && !executions.some(({ claims }) => result === `${job.id}:${claims}`)) {
    world.violate("a result is that of an execution of the job", `${name} has ${result}`);
  }
}

/** Whether a schedule that makes up for everything has made a job for each occurrence. */
export function checkSchedule(
  world: World,
  history: History,
  id: string,
  definition: ScheduleDefinition,
): void {
  const { rule, anchor, limit, catchUp, overlap } = definition.recurrence;
  if (!("every" in rule) || limit === null || catchUp !== "all" || overlap !== "allow") return;
  const wanted = Array.from({ length: limit }, (_, index) => anchor + (index + 1) * rule.every);
  const jobs = [...history.jobs.values()].filter(({ job }) => job.schedule === id);
  const made = jobs.map(({ job }) => job.scheduledFor! - anchor).sort((a, b) => a - b);
  if (
    !Bun.deepEquals(
      made,
      wanted.map((time) => time - anchor),
    )
  ) {
    world.violate(
      "every occurrence makes a job",
      `${id}, every ${rule.every} ms ${limit} times, made ${made}`,
    );
  }
}
