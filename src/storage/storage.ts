import type { Job, JobState, NewJob } from "../job.ts";
import type {
  Checkup,
  Finished,
  Held,
  JobFilter,
  Note,
  Outcome,
  Page,
  Parked,
  QueueCounts,
  QueueRecord,
  Schedule,
  ScheduleChange,
  WorkerRecord,
} from "./records.ts";

export * from "./records.ts";

/**
 * What Nuvom asks of a place to keep jobs: the whole contract. Implement it, run `testStorage` of `nuvom/testing`
 * over it, and pass it as `storage`.
 *
 * Every method is atomic: it takes effect as a whole or, when it throws, not at all. Every method that changes
 * jobs takes and returns batches, so that many jobs cost one transaction or one round trip. Times are Unix times
 * in milliseconds and always passed in: a storage never reads a clock. Several handles, in several operating
 * system processes, may work on the same data at once. What is passed in and what is returned belongs to the caller,
 * who may change it afterwards. The entries of a batch take effect in their order, each seeing those before it.
 *
 * What cannot be done for now throws `StorageUnavailableError`, and workers try it again; it may have taken effect all
 * the same, if only the answer was lost. Other trouble throws `StorageError`, with a message for people.
 *
 * A job that ends is deleted in the same step if it is not to be kept at all, be it in `settle`, `cancel` or `recover`.
 *
 * Due work is ordered by `(priority, runAt, id)` within a queue. A claim must seek that order, never walk it: its
 * cost may not grow with the number of pending jobs, nor with the number of jobs scheduled for the future.
 */
export interface Storage {
  /**
   * Adds jobs as `pending`, all or none of them. A job whose `key` is held by a pending or running job of the same
   * queue (one earlier in the batch included) is not added. Returns for each job the id under which it is known:
   * its own, or that of the holder of its key.
   * An id that exists already in the queue is not added again, so that a call whose answer was lost can be repeated
   * (unless a job may have ended, and been deleted, in between).
   */
  insert(jobs: readonly NewJob[]): Promise<string[]>;

  /**
   * Takes up to `limit` due jobs (`runAt <= now`), queue by queue in the order given, each queue in its order, fewer
   * where their inputs would pass {@link claimBytes} together (but at least one), and leaves them `running` under `worker` with `attempt` and `claims` one higher, `startedAt` set to `now` and
   * `reason` cleared. Skips paused queues.
   * @throws LeaseLostError if the worker has no lease that lasts beyond `now`.
   */
  claim(worker: string, queues: readonly string[], limit: number, now: number): Promise<Job[]>;

  /**
   * Takes, as `claim` does but in any order, parked jobs that this worker can run: of these tasks, and not parked by a
   * worker of the same sources.
   * @throws LeaseLostError if the worker has no lease that lasts beyond `now`.
   */
  claimParked(worker: string, wanted: Parked, limit: number, now: number): Promise<Job[]>;

  /**
   * Records what became of claimed jobs. Fenced: an outcome applies only where the job is still running for this
   * worker and this claim. A job that somebody wants cancelled becomes `cancelled` where it would have become
   * pending. Returns for each outcome whether it applied.
   */
  settle(worker: string, outcomes: readonly Outcome[], now: number): Promise<boolean[]>;

  /**
   * Replaces what jobs say while they run. Fenced as `settle` is: what comes too late is passed over. To be called on
   * the handle that claimed them.
   */
  note(worker: string, notes: readonly Note[]): Promise<void>;

  /** Registers the worker or renews its lease, with one write however many jobs it holds. */
  heartbeat(worker: WorkerRecord): Promise<Held>;

  /**
   * Makes the running jobs of workers whose lease ended at or before `now` pending again in their old place of the
   * line (`runAt` stays), the attempt given back and `crashes` one higher, and forgets those workers. Jobs to be cancelled become `cancelled`.
   * Returns the ids of the jobs.
   */
  recover(now: number): Promise<string[]>;

  /** The schedules of these ids that there are, or all of them, ordered by id. */
  schedules(ids?: readonly string[]): Promise<Schedule[]>;

  /**
   * At most `limit` of the schedules that are not paused and have a next occurrence, the earliest first (ties by id);
   * fewer, but at least one, where they are large.
   */
  nextSchedules(limit: number): Promise<Schedule[]>;

  /**
   * Adds, replaces, removes or fires schedules. A change applies only if the schedule still is in the version that it was made
   * from; then its jobs are added in the same step, by the rules of `insert`. Returns for each whether it applied: of
   * any number of callers that fire the same occurrence, one gets `true`.
   */
  changeSchedules(changes: readonly ScheduleChange[]): Promise<boolean[]>;

  /** The earliest `runAt` of the pending jobs in those of the queues that are not paused, or `null`. */
  nextRunAt(queues: readonly string[]): Promise<number | null>;

  /**
   * Calls back when new work may be due in one of the queues, or in any if `null`, be it by a job or by a schedule. A
   * hint: it may come for nothing, and correctness must not need it. A storage may call one of many listeners. Returns
   * the function that ends it, which says with `unused` that the last call could not be followed: then another listener
   * should be called.
   */
  onWake(queues: readonly string[] | null, callback: () => void): (unused?: boolean) => void;

  /** The jobs of these ids, `null` where there is none. */
  get(ids: readonly string[]): Promise<(Job | null)[]>;

  /** The states of the jobs of these ids, `null` where there is none: what `get` would tell, without moving the jobs. */
  states(ids: readonly string[]): Promise<(JobState | null)[]>;

  /** The jobs that match, newest first (by id), at most `page.limit` of them, those after `page.after` if given. */
  list(filter: JobFilter, page: Page): Promise<Job[]>;

  /**
   * How many jobs there are by state in each of the `queues`, in their order. A queue that is known but empty has no
   * numbers above zero. Its cost may not grow with the number of jobs: monitoring asks often.
   */
  counts(): Promise<QueueCounts[]>;

  /**
   * The queues that hold or held jobs, are or were those of a schedule, or are or were paused, by name. Cheap: a worker
   * asks often.
   */
  queues(): Promise<QueueRecord[]>;

  /**
   * The workers that are registered, ordered by id. Those whose lease has run out are among them until `recover`
   * forgets them.
   */
  workers(): Promise<WorkerRecord[]>;

  /**
   * Ends pending jobs as `cancelled` with this `reason`, and marks running ones, whose worker hears of it from its next
   * heartbeat, with it as their `reason`; of several the first one stays.
   * Returns for each id the job's state before the call, or `null` if there is no such job.
   */
  cancel(ids: readonly string[], reason: string, now: number): Promise<(JobState | null)[]>;

  /**
   * Makes finished jobs pending again, due `now`, with no attempts or crashes counted and the result cleared. The
   * errors stay as history. Returns for each id whether it did: not if the job is missing, not finished, or if
   * another job holds its key.
   */
  retry(ids: readonly string[], now: number): Promise<boolean[]>;

  /** Pauses or resumes a queue. A paused queue takes jobs in and gives none out; what runs, runs on. */
  pause(queue: string, paused: boolean): Promise<void>;

  /**
   * Deletes at most `limit` finished jobs whose time to be kept is over (`finishedAt` plus `keepFor`, or plus
   * `keepFailedFor` for failed ones, is at or before `now`), the longest overdue first (ties in any order). Returns how many.
   */
  prune(now: number, limit: number): Promise<number>;

  /**
   * Deletes at most `limit` of the finished jobs of a task beyond the `count` that are to be kept, those that ended
   * first (ties in any order). Returns how many.
   */
  trim(jobs: Finished, count: number, limit: number): Promise<number>;

  /** How the storage is set up. */
  check(now: number): Promise<Checkup>;

  /** Ends the handle: what it wrote stays, and every other call on it throws `StorageError` from now on. */
  close(): Promise<void>;
}
