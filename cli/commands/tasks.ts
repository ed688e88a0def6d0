import { discover } from "../../src/discovery/discover.ts";
import { command, jsonFlag, rootFlag, rootOf } from "../command.ts";
import { fromHere, printJson, problemLines } from "../output.ts";
import { table } from "../table.ts";

export default command({
  summary: "list the tasks that the sources define",
  usage: "",
  arguments: [0, 0],
  flags: { ...rootFlag, ...jsonFlag },
  examples: ["nuvom tasks", "nuvom tasks --json"],
  async run(_, flags) {
    const root = rootOf(flags);
    const { tasks, problems } = discover(root);
    if (flags.json)
      printJson({ root, tasks: tasks.map(({ name, file, line }) => ({ name, file, line })), problems });
    else if (tasks.length === 0) console.log(`no tasks in ${root}; nuvom init adds a first one`);
    else
      console.log(
        table(
          [
            { header: "TASK", cut: "end" },
            { header: "DEFINED AT", cut: "start" },
          ],
          tasks.map(({ name, file, line }) => [name, `${fromHere(file)}:${line}`]),
        ),
      );
    for (const line of problemLines(problems)) console.error(line);
    return 0;
  },
});
