import { task } from "nuvom";

export const letter = task("letter", ({ name }: { name: string }) => `Dear ${name}, this came from afar.`);

/** Enqueues from inside a job: on the same storage, as `nuvom.config.ts` says. */
export const letters = task("letters", async ({ names }: { names: string[] }) => {
  const jobs = await letter.enqueueMany(names.map((name) => ({ name })));
  return jobs.length;
});
