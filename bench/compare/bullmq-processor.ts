import type { SandboxedJob } from "bullmq";
import type { Payload } from "../contestant.ts";

/** What BullMQ's child processes run. */
export default async function returnIndex(job: SandboxedJob<Payload, number>): Promise<number> {
  return job.data.index;
}
