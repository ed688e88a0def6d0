import { command, invoker, jsonFlag, storageFlag, withClient } from "../command.ts";
import { printJson } from "../output.ts";

export default command({
  summary: "cancel pending or running jobs",
  usage: "<id> [<id> …]",
  arguments: [1, Number.POSITIVE_INFINITY],
  flags: { ...storageFlag, ...jsonFlag },
  examples: ["nuvom cancel 01a20fd6-244b-72c3-8bf7-fbf696cab06f"],
  async run(ids, flags) {
    return withClient(flags, async ({ storage }) => {
      const states = await storage.cancel(ids, `by ${invoker("nuvom cancel")}`, Date.now());
      const answers = ids.map((id, index) => {
        const state = states[index] ?? null;
        if (state === "pending") return { id, cancelled: true, message: "cancelled" };
        if (state === "running")
          return {
            id,
            cancelled: true,
            message:
              "is running; its worker stops it within seconds; if that has died, it ends when this is noticed",
          };
        return {
          id,
          cancelled: false,
          message: `not cancelled: ${state ? `it has ended, as ${state}` : "there is no such job"}`,
        };
      });
      if (flags.json) printJson(answers);
      else for (const { id, message } of answers) console.log(`${id} ${message}`);
      return answers.every(({ cancelled }) => cancelled) ? 0 : 1;
    });
  },
});
