import { relative, resolve } from "node:path";
import { projectRoot } from "../../src/config.ts";
import { discover } from "../../src/discovery/discover.ts";
import { command, jsonFlag, rootFlag } from "../command.ts";
import { printJson, table } from "../output.ts";

export default command({
  summary: "list the tasks that the sources define",
  usage: "",
  arguments: [0, 0],
  flags: { ...rootFlag, ...jsonFlag },
  examples: ["nuvom tasks", "nuvom tasks --json"],
  async run(_, flags) {
    const root = flags.root === undefined ? projectRoot() : resolve(flags.root);
    const { tasks, problems } = await discover(root);
    if (flags.json) printJson({ root, tasks, problems });
    else if (tasks.length === 0) console.log(`no tasks in ${root}; nuvom init adds a first one`);
    else
      console.log(
        table(
          ["TASK", "DEFINED AT"],
          tasks.map(({ name, file, line }) => [name, `${relative(root, file)}:${line}`]),
        ),
      );
    for (const { file, line, message } of problems)
      console.error(`${relative(root, file)}:${line}: ${message}`);
    return 0;
  },
});
