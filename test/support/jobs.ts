import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { decode } from "../../src/codec.ts";
import type { Job, JobState, Storage } from "../../src/index.ts";

export async function every(storage: Storage): Promise<Job[]> {
  const jobs: Job[] = [];
  for (;;) {
    const after = jobs.at(-1)?.id;
    const page = await storage.list({}, { limit: 1_000, ...(after !== undefined && { after }) });
    if (page.length === 0) return jobs;
    jobs.push(...page);
  }
}

export async function countOf(storage: Storage, state: JobState): Promise<number> {
  return (await storage.counts()).reduce((sum, queue) => sum + queue[state], 0);
}

/** The ids of the jobs in the order in which they were executed, by the executions' own record. */
export function executions(file: string): string[] {
  return readFileSync(file, "utf8").trim().split("\n");
}

/** That each journal job ended with the double of its value. */
export function checkResults(jobs: Job[]): void {
  const wrong = jobs.filter((job) => {
    return (
      job.state !== "succeeded" || decode(job.result!) !== (decode(job.input) as { value: number }).value * 2
    );
  });
  expect(wrong).toEqual([]);
}
