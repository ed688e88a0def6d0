import { InvalidOptionError, type JobState } from "../../src/index.ts";
import { isFinal, type Job, jobStates } from "../../src/job.ts";
import { command, count, jsonFlag, storageFlag, withClient } from "../command.ts";
import { jobAsJson, paint, printJson, relative, stateColour } from "../output.ts";
import { type Column, table } from "../table.ts";

export default command({
  summary: "list jobs, newest first",
  usage: "",
  arguments: [0, 0],
  flags: {
    state: { type: "string", value: "STATE", values: jobStates, help: `only those: ${jobStates.join(", ")}` },
    task: { type: "string", value: "NAME", help: "only jobs of this task" },
    queue: { type: "string", value: "NAME", help: "only jobs of this queue" },
    limit: { type: "string", value: "N", help: "how many (default: 20)" },
    after: { type: "string", value: "ID", help: "those after this one: the next page" },
    ...storageFlag,
    ...jsonFlag,
  },
  examples: ["nuvom jobs --state failed", "nuvom jobs --task hello --limit 5 --json"],
  async run(_, { state, task, queue, after, ...flags }) {
    if (state !== undefined && !jobStates.includes(state as JobState)) {
      throw new InvalidOptionError(`--state: there is no state "${state}", only ${jobStates.join(", ")}`);
    }
    const filter = {
      ...(state !== undefined && { state: state as JobState }),
      ...(task !== undefined && { task }),
      ...(queue !== undefined && { queue }),
    };
    const limit = count(flags.limit ?? "20", "limit");
    return withClient(flags, async ({ storage }) => {
      const jobs = await storage.list(filter, { limit, ...(after !== undefined && { after }) });
      if (flags.json) printJson(jobs.map(jobAsJson));
      else if (jobs.length === 0) console.log("no jobs");
      else console.log(table(columns, jobs.map(row)));
      if (!flags.json && jobs.length === limit) console.log(paint("dim", `more: --after ${jobs.at(-1)!.id}`));
      return 0;
    });
  },
});

const columns: Column[] = [
  { header: "ID" },
  { header: "TASK", cut: "end" },
  { header: "STATE", colour: (state) => stateColour[state as JobState] },
  { header: "WHEN" },
];

function row(job: Job): string[] {
  const time = isFinal(job.state) ? job.finishedAt : job.state === "running" ? job.startedAt : job.runAt;
  return [job.id, job.task, job.state, relative(time ?? job.runAt, Date.now())];
}
