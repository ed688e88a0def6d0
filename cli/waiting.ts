import type { Nuvom, Storage } from "../src/index.ts";
import { plural, printable } from "./output.ts";

/** A task for which jobs or schedules wait, although no source defines it. */
export interface UndefinedTask {
  task: string;
  jobs: number;
  schedules: string[];
}

const pageSize = 1_000;

/**
 * Looks at every pending job and every schedule, so it takes seconds where there are hundreds of thousands.
 * @param queues those to look at, `null` for all.
 */
export async function undefinedTasks(
  nuvom: Nuvom,
  defined: readonly string[],
  queues: readonly string[] | null,
): Promise<UndefinedTask[]> {
  const known = new Set(defined);
  const found = new Map<string, UndefinedTask>();
  const note = (task: string) => {
    const noted = found.get(task) ?? { task, jobs: 0, schedules: [] };
    found.set(task, noted);
    return noted;
  };
  for (const queue of queues ?? [undefined]) {
    for await (const { task } of pendingJobs(nuvom.storage, queue)) if (!known.has(task)) note(task).jobs++;
  }
  for (const { id, queue, definition } of await nuvom.schedules()) {
    const { task } = definition.template;
    // A schedule of the sources goes with its task, as soon as a worker starts.
    const isAsked = definition.project === null && (queues === null || queues.includes(queue));
    if (isAsked && !known.has(task)) note(task).schedules.push(id);
  }
  return [...found.values()].sort((a, b) => b.jobs - a.jobs);
}

async function* pendingJobs(storage: Storage, queue: string | undefined) {
  for (let after: string | undefined, isLast = false; !isLast; ) {
    const filter = { state: "pending", ...(queue !== undefined && { queue }) } as const;
    const page = await storage.list(filter, { limit: pageSize, ...(after !== undefined && { after }) });
    yield* page;
    after = page.at(-1)?.id;
    isLast = page.length < pageSize;
  }
}

/** What waits for a task, and what to do. */
export function undefinedTaskLine({ task, jobs, schedules }: UndefinedTask): string {
  const waiting = [
    ...(jobs > 0 ? [plural(jobs, "pending job")] : []),
    ...schedules.map((id) => `the schedule ${id}`),
  ];
  return printable(
    `no source defines the task ${JSON.stringify(task)}, for which there ${jobs > 1 ? "are" : "is"} ${waiting.join(" and ")}: define it again until they are done, or cancel them`,
  );
}
