import { task } from "nuvom";
import { z } from "zod";

export const welcome = task("long.welcome", {
  input: z.object({ to: z.email(), name: z.string().regex(/^["'`\/]task\("no"\)$/) }),
  retry: { attempts: 5, backoff: (attempt: number) => attempt * 1000 },
  timeout: "30s",
  hooks: {
    onFailure: ({ error }) => console.error(`task("no") ${error.message}`),
  },
  async run({ to }, { signal, log }) {
    const task = (name: string) => log(name);
    task("no");
    return { id: `${to}${signal.aborted ? "'" : '"'}` };
  },
});
