import { decode } from "../../src/codec.ts";
import { formatDuration } from "../../src/duration.ts";
import { jobErrors, jobNotes } from "../../src/handle.ts";
import { command, jsonFlag, storageFlag, withClient } from "../command.ts";
import { jobAsJson, paint, printable, printJson, progressText, relative, stateColour } from "../output.ts";

export default command({
  summary: "show a job: its state, input, result and errors",
  usage: "<id>",
  arguments: [1, 1],
  flags: { ...storageFlag, ...jsonFlag },
  examples: ["nuvom job 01a20fd6-244b-72c3-8bf7-fbf696cab06f"],
  async run([id], flags) {
    return withClient(flags, async (nuvom) => {
      const job = await nuvom.job(id!).get();
      if (flags.json) {
        printJson(jobAsJson(job));
        return 0;
      }
      const now = Date.now();
      const { progress, output } = jobNotes(job);
      const when = (time: number) => `${new Date(time).toISOString()} (${relative(time, now)})`;
      const lines: [string, string | null][] = [
        ["id", job.id],
        ["task", printable(job.task)],
        ["state", paint(stateColour[job.state], job.state)],
        ["reason", job.reason && printable(job.reason)],
        ["queue", `${printable(job.queue)}, priority ${job.priority}`],
        ["key", job.key && printable(job.key)],
        ["attempt", `${job.attempt} of ${job.maxAttempts}`],
        ["crashes", job.crashes === 0 ? null : String(job.crashes)],
        ["timeout", job.timeout === null ? "none" : formatDuration(job.timeout)],
        ["created", when(job.createdAt)],
        ["due", when(job.runAt)],
        ["started", job.startedAt === null ? null : when(job.startedAt)],
        ["finished", job.finishedAt === null ? null : when(job.finishedAt)],
        ["worker", job.worker],
        ["progress", progress && printable(progressText(progress))],
        ["input", shown(job.input)],
        ["result", job.result && shown(job.result)],
      ];
      for (const [label, text] of lines)
        if (text !== null) console.log(`${paint("dim", label.padEnd(9))} ${text}`);
      for (const error of jobErrors(job)) {
        const took = formatDuration(error.finishedAt - error.startedAt);
        console.log(
          `\n${paint("red", `attempt ${error.attempt}`)} failed at ${when(error.finishedAt)} after ${took}, process ${error.pid}`,
        );
        console.log(printable(error.stack || `${error.name}: ${error.message}`));
      }
      if (output.length > 0) console.log(`\n${paint("dim", "output, the last lines")}`);
      for (const { at, attempt, text } of output) {
        const time = new Date(at).toISOString().slice(11, 23);
        console.log(`${paint("dim", `${time} ${attempt}`)} ${printable(text)}`);
      }
      return 0;
    });
  },
});

function shown(bytes: Uint8Array): string {
  return printable(Bun.inspect(decode(bytes), { colors: false, depth: 8 }));
}
