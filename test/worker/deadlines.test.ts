import { expect, test } from "bun:test";
import type { Job } from "../../src/index.ts";
import { aJob } from "../../src/testing/builders.ts";
import { type Assigned, AssignedJobs } from "../../src/worker/assigned.ts";
import { Deadlines } from "../../src/worker/deadlines.ts";
import { VirtualClock } from "../support/clock.ts";

/** The deadlines of a process that was given three jobs and says nothing any more. */
function silentProcess(catchUp: () => boolean) {
  const clock = new VirtualClock(0);
  const jobs = new AssignedJobs(1);
  const takenBack: { ids: string[]; at: number }[] = [];
  const deadlines = new Deadlines({ clock, files: new Map(), importLimit: 1_000, killGrace: 1_000 }, jobs, {
    catchUp,
    takeBack(unbegun: Assigned[]) {
      takenBack.push({ ids: unbegun.map(({ job }) => job.id), at: clock.now() });
      for (const { job } of unbegun) jobs.take(`${job.id}:${job.claims}`);
    },
    abort() {},
    kill() {},
    recall() {},
  });
  const given = [aJob(), aJob(), aJob()].map((job) => ({ ...job, claims: 1 }) as Job);
  deadlines.ready();
  jobs.add(given, clock.now());
  deadlines.noteStarts();
  return { clock, takenBack, ids: given.map(({ id }) => id) };
}

test("jobs that wait in a process which cannot begin them any more are taken back", async () => {
  const { clock, takenBack, ids } = silentProcess(() => true);
  await clock.advance(1_250);
  expect(takenBack).toEqual([]);
  await clock.advance(100);
  expect(takenBack).toEqual([{ ids: ids.slice(1), at: 1_300 }]);
});

test("they are not while a message is on its way that may tell of them, unless it never comes", async () => {
  let hasCome = false;
  const late = silentProcess(() => hasCome);
  await late.clock.advance(5_000);
  expect(late.takenBack).toEqual([]);
  hasCome = true;
  await late.clock.advance(100);
  expect(late.takenBack).toHaveLength(1);
  const never = silentProcess(() => false);
  await never.clock.advance(15_000);
  expect(never.takenBack).toEqual([{ ids: never.ids.slice(1), at: 11_050 }]);
});
