import { isFinal } from "../../src/job.ts";
import { command, jsonFlag, storageFlag, withClient } from "../command.ts";
import { printJson } from "../output.ts";

export default command({
  summary: "run finished jobs again",
  usage: "<id> [<id> …]",
  arguments: [1, Number.POSITIVE_INFINITY],
  flags: { ...storageFlag, ...jsonFlag },
  examples: ["nuvom retry 01a20fd6-244b-72c3-8bf7-fbf696cab06f"],
  async run(ids, flags) {
    return withClient(flags, async ({ storage }) => {
      const retried = await storage.retry(ids, Date.now());
      const jobs = await storage.get(ids);
      const answers = ids.map((id, index) => {
        const job = jobs[index];
        const state = job?.state ?? null;
        if (retried[index]) return { id, retried: true, message: "pending again" };
        const why = !job
          ? "there is no such job"
          : isFinal(job.state)
            ? "another job holds its key"
            : `it is ${state}`;
        return { id, retried: false, message: `not retried: ${why}` };
      });
      if (flags.json) printJson(answers);
      else for (const { id, message } of answers) console.log(`${id} ${message}`);
      return retried.every(Boolean) ? 0 : 1;
    });
  },
});
