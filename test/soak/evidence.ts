import type { Job, QueueCounts, Storage } from "../../src/index.ts";
import { decodeSchedule } from "../../src/schedule.ts";
import { every } from "../support/jobs.ts";
import {
  type ChaosEntry,
  type EventEntry,
  type ExecutionEntry,
  entriesIn,
  journals,
  type RequestEntry,
} from "./journal.ts";

/** Both lines of an execution; `endedAt` is `null` if its process died before. */
export interface Execution {
  token: string;
  id: string;
  task: string;
  attempt: number;
  runAt: number;
  worker: number;
  pid: number;
  beganAt: number;
  endedAt: number | null;
}

/** All that is known when a soak is over. */
export interface Evidence {
  /** In the order in which they began. */
  executions: Execution[];
  requests: RequestEntry[];
  chaos: ChaosEntry[];
  events: EventEntry[];
  /** As the storage lists them. */
  jobs: Job[];
  /** The ids that it does not list, or tells another state of, when it is asked for them. */
  disagreeing: string[];
  counts: QueueCounts[];
  /** How many jobs each schedule says it has made. */
  schedules: { id: string; made: number }[];
}

export async function gather(folder: string, storage: Storage): Promise<Evidence> {
  const files = journals(folder);
  const requests = entriesIn<RequestEntry>(files.requests);
  const jobs = await every(storage);
  return {
    executions: executionsOf(entriesIn(files.executions)),
    requests,
    chaos: entriesIn(files.chaos),
    events: entriesIn(files.events),
    jobs,
    disagreeing: await disagreeing(storage, jobs, requests),
    counts: await storage.counts(),
    schedules: (await storage.schedules()).map(decodeSchedule).map(({ id, definition }) => {
      return { id, made: definition.made };
    }),
  };
}

export function executionsOf(entries: readonly ExecutionEntry[]): Execution[] {
  const executions = new Map<string, Execution>();
  for (const entry of entries) {
    if (entry.kind === "begin") {
      const { kind, at, ...execution } = entry;
      executions.set(entry.token, { ...execution, beganAt: at, endedAt: null });
    } else executions.get(entry.token)!.endedAt = entry.at;
  }
  return [...executions.values()];
}

async function disagreeing(
  storage: Storage,
  jobs: readonly Job[],
  requests: readonly RequestEntry[],
): Promise<string[]> {
  const listed = new Map(jobs.map((job) => [job.id, job.state]));
  const confirmed = requests.flatMap((request) => (request.kind === "enqueued" ? request.id : []));
  const ids = [...new Set([...listed.keys(), ...confirmed])];
  const wrong: string[] = [];
  for (let first = 0; first < ids.length; first += 500) {
    const some = ids.slice(first, first + 500);
    const states = await storage.states(some);
    const got = await storage.get(some);
    wrong.push(
      ...some.filter((id, index) => {
        const state = listed.get(id) ?? null;
        return states[index] !== state || (got[index]?.state ?? null) !== state;
      }),
    );
  }
  return wrong;
}
