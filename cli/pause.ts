import { type Command, command, jsonFlag, storageFlag, withClient } from "./command.ts";
import { printable, printJson } from "./output.ts";

/** The command that pauses queues, or the one that resumes them. */
export function pauseCommand(paused: boolean): Command {
  const name = paused ? "pause" : "resume";
  return command({
    summary: paused ? "pause queues: they take jobs in, and give none out" : "resume paused queues",
    usage: "<queue> [<queue> …]",
    arguments: [1, Number.POSITIVE_INFINITY],
    flags: { ...storageFlag, ...jsonFlag },
    examples: [`nuvom ${name} mail`],
    async run(queues, flags) {
      return withClient(flags, async ({ storage }) => {
        const known = new Map((await storage.queues()).map((queue) => [queue.name, queue.paused]));
        const answers = [];
        for (const queue of new Set(queues)) {
          const before = known.get(queue);
          // To pause one before its first job comes makes sense; to resume one that never was is a slip.
          const isDone = paused || before !== undefined;
          if (isDone) await storage.pause(queue, paused);
          answers.push({ queue, [`${name}d`]: isDone, message: message(paused, before, [...known.keys()]) });
        }
        if (flags.json) printJson(answers);
        else for (const { queue, message } of answers) console.log(printable(`${queue} ${message}`));
        return answers.every((answer) => answer[`${name}d`]) ? 0 : 1;
      });
    },
  });
}

function message(paused: boolean, before: boolean | undefined, known: string[]): string {
  if (before === paused) return paused ? "was paused already" : "was not paused";
  if (before !== undefined) return paused ? "paused" : "resumed";
  if (paused) return "paused; it is new here: no job has been in it yet";
  const others = known.length > 0 ? `there are ${known.join(", ")}` : "there are none";
  return `not resumed: there is no such queue; ${others}`;
}
