import { NuvomError } from "../../src/index.ts";
import type { FinalState } from "../../src/job.ts";
import { command, jsonFlag, rootFlag, storageFlag, storageName, withClient } from "../command.ts";
import { iso, paint, printable, printJson, relative, stateColour, wrapped } from "../output.ts";
import { factsOf } from "../why/facts.ts";
import { reasonsOf } from "../why/reasons.ts";
import { timelineOf } from "../why/timeline.ts";

export default command({
  summary: "say why a job is not running, or what became of it",
  usage: "<id>",
  arguments: [1, 1],
  flags: { ...rootFlag, ...storageFlag, ...jsonFlag },
  examples: ["nuvom why 01a20fd6-244b-72c3-8bf7-fbf696cab06f"],
  async run([id], flags) {
    return withClient(flags, async ({ storage }) => {
      const [job] = await storage.get([id!]);
      if (!job) throw notThere(id!, storageName(flags));
      const { task, state } = job;
      const reasons = reasonsOf(await factsOf(storage, job, Date.now(), flags.root));
      const timeline = timelineOf(job);
      if (flags.json) {
        printJson({
          id,
          task,
          state,
          reasons,
          timeline: timeline.map((entry) => ({ ...entry, at: iso(entry.at) })),
        });
        return 0;
      }
      console.log(`${wrapped("", `${printable(`${task} ${id}`)}: ${paint(stateColour[state], state)}`)}\n`);
      for (const { text } of reasons) console.log(wrapped("- ", printable(text)));
      console.log();
      for (const { at, event, text } of timeline) {
        const time = (iso(at) ?? "").padEnd(26);
        const lines = wrapped(time, printable(text));
        const colour = stateColour[event as FinalState];
        console.log(paint("dim", time) + (colour ? paint(colour, lines.slice(26)) : lines.slice(26)));
      }
      return 0;
    });
  },
});

function notThere(id: string, storage: string): NuvomError {
  const made = madeAt(id);
  const age = made === null ? "" : ` By its id it was made ${iso(made)} (${relative(made, Date.now())}).`;
  return new NuvomError(
    "JOB_NOT_FOUND",
    `there is no job ${id} in the storage ${storage}.${age} A finished job is deleted when the time of its task's option "keep" is over; or is it in another storage? --storage or NUVOM_STORAGE names one`,
  );
}

/** A UUIDv7 begins with the time at which it was made. */
function madeAt(id: string): number | null {
  const [, high, low] =
    /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(id) ?? [];
  return high === undefined ? null : Number.parseInt(`${high}${low}`, 16);
}
