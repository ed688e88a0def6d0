import type { Clock } from "../clock.ts";
import { definedTasks, type Task } from "../definition.ts";
import type { HookName, Hooks } from "../hooks.ts";
import type { Job } from "../job.ts";
import { retryDelay } from "../retry.ts";
import type { Storage } from "../storage/storage.ts";
import { settled } from "../storage/transitions.ts";
import { describeThrown } from "../thrown.ts";
import { AssignedJobs, assignmentOf, notebookOf } from "../worker/assigned.ts";
import { Deadlines } from "../worker/deadlines.ts";
import { hookEvent, toldOf } from "../worker/hook-runner.ts";
import { sortOut } from "../worker/intake.ts";
import type { Notebook } from "../worker/notebook.ts";
import { afterDeath, afterReport, type Verdict } from "../worker/outcome.ts";
import { runJob } from "../worker/run-job.ts";
import { both } from "../worker/task-files.ts";
import { aWorker } from "./builders.ts";

export interface RunnerOptions {
  storage: Storage;
  clock: Clock;
  sizeLimit: number;
  /** Those of the project's configuration. */
  hooks: Hooks;
}

/** What the storage knows of the one who runs the jobs of a test; its lease never ends. */
export const worker = aWorker("test", { project: "test", leaseUntil: Number.POSITIVE_INFINITY });

/** As a worker does unless told otherwise. */
const killGrace = 2_000;

/** Of the delays that jitter allows the longest, which is the one that the task names. */
const random = () => 1;

/** To end a job that does not end by itself is to forget it: what it goes on to do nobody hears of. */
const leftAlone = {
  how: "left alone in the test's own process",
  outOfMemory: false,
  uncaught: null,
  killed: true,
  wasReady: true,
  alone: true,
  blocked: false,
};

/** A job that runs for longer than this, in real milliseconds, may well wait for a time that does not come. */
const patience = 4_000;

/** What can be done to a job that executes. */
interface Controls {
  cancel(reason: string): void;
  interrupt(): void;
}

export type Runner = ReturnType<typeof createRunner>;

/** Runs claimed jobs in the test's own program, one when it is told to, and judges them by a worker's rules. */
export function createRunner({ storage, clock, sizeLimit, hooks }: RunnerOptions) {
  const executing = new Map<string, Controls>();
  const ends = new Map<string, Promise<Job>>();
  const place = () => ({ worker: worker.id, sources: worker.id, pid: process.pid, now: clock.now() });

  async function runToEnd(job: Job): Promise<Job> {
    const task = definedTasks().get(job.task);
    const { verdicts } = sortOut([job], definedTasks(), place());
    const verdict = verdicts[0] ?? (await execute(job, task!));
    await storage.settle(worker.id, [verdict.outcome], clock.now());
    const told = toldOf(verdict);
    if (told) await callHook(told.hook, job, told.more);
    const [stored] = await storage.get([job.id]);
    // One that is not to be kept is gone by now.
    return stored ?? { ...job, ...settled(job, verdict.outcome, clock.now()) };
  }

  async function execute(job: Job, { definition }: Task<never, unknown>): Promise<Verdict> {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const controller = new AbortController();
    const jobs = new AssignedJobs(1);
    jobs.add([job], clock.now());
    const assigned = jobs.of(job.id)!;
    const leaveAlone = () => {
      const retryIn = retryDelay(definition.retry, job.attempt, null, random);
      resolve(afterDeath(assigned, { ...leftAlone, assigned: [assigned] }, retryIn, place()));
    };
    const times = { clock, files: new Map(), importLimit: 0, killGrace };
    const deadlines = new Deadlines(times, jobs, {
      abort(_, name, reason) {
        deadlines.told(assigned);
        controller.abort(new DOMException(reason, name));
      },
      catchUp: () => true,
      kill: leaveAlone,
      recall() {},
      takeBack() {},
    });
    deadlines.ready();
    deadlines.noteStarts();
    executing.set(job.id, {
      cancel: (reason) => deadlines.stop(assigned, "cancelled", reason),
      interrupt() {
        controller.abort(new DOMException("the test has ended", "AbortError"));
        leaveAlone();
      },
    });
    const noted = (notebook: Notebook) => {
      const note = { id: job.id, claims: job.claims, notes: notebook.encoded() };
      if (executing.has(job.id)) void storage.note(worker.id, [note]);
    };
    void runJob(assignmentOf(job), definition, controller.signal, {
      clock: clock.now,
      random,
      sizeLimit,
      async begin() {
        await callHook("onStart", job, {});
        return true;
      },
      print(text) {
        const notebook = notebookOf(assigned);
        notebook.print(text.split("\n"), clock.now());
        noted(notebook);
      },
      progress(progress) {
        const notebook = notebookOf(assigned);
        notebook.tell(progress);
        noted(notebook);
      },
    }).then((report) => resolve(afterReport(assigned, report, place())));
    const hint = setTimeout(() => console.error(stillRunning(job)), patience);
    const verdict = await promise;
    clearTimeout(hint);
    deadlines.end();
    executing.delete(job.id);
    return verdict;
  }

  /** What a hook throws does not concern the job. */
  async function callHook(hook: HookName, job: Job, more: object): Promise<void> {
    const own = definedTasks().get(job.task)?.definition.hooks ?? {};
    if (!own[hook] && !hooks[hook]) return;
    try {
      await both(own, hooks)[hook]?.(hookEvent(job, more) as never);
    } catch (error) {
      const { name, message } = describeThrown(error);
      console.error(`nuvom: ${hook} of ${job.task} ${job.id}: ${name}: ${message}`);
    }
  }

  return {
    /** Runs an attempt of a job and records what becomes of it. Returns the job as it is then. */
    run(job: Job): Promise<Job> {
      const end = runToEnd(job).finally(() => ends.delete(job.id));
      ends.set(job.id, end);
      return end;
    },
    /** Resolves when the job does not run, or not any more. */
    async ended(id: string): Promise<void> {
      await ends.get(id);
    },
    cancel(id: string, reason: string): void {
      executing.get(id)?.cancel(reason);
    },
    /** Gives back what runs. */
    async stop(): Promise<void> {
      for (const { interrupt } of executing.values()) interrupt();
      await Promise.allSettled(ends.values());
    },
  };
}

function stillRunning({ id, task }: Job): string {
  return `nuvom: job ${id} of task ${task} is still running. Should its timeout or a cancellation end it? A test's clock is only turned by the test: let the job run meanwhile, as in \`const ran = nuvom.runDue(); await nuvom.advance("30s"); await ran;\``;
}
