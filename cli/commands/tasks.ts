import { join } from "node:path";
import { manifestPath } from "../../src/discovery/cache.ts";
import { discover } from "../../src/discovery/discover.ts";
import { command, jsonFlag, rootFlag, rootOf } from "../command.ts";
import { fromHere, printJson, problemLines } from "../output.ts";
import { table } from "../table.ts";

export default command({
  summary: "list the tasks that the sources define",
  usage: "",
  arguments: [0, 0],
  flags: {
    ...rootFlag,
    check: {
      type: "boolean",
      help: "for CI: write nothing, and exit with 1 if something is wrong, or if git has a .nuvom/manifest.json that is out of date",
    },
    ...jsonFlag,
  },
  examples: ["nuvom tasks", "nuvom tasks --json", "nuvom tasks --check"],
  async run(_, flags) {
    const root = rootOf(flags);
    const { tasks, problems, stale } = discover(root, { fresh: flags.check ?? false });
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
    if (!flags.check) return 0;
    const isOutdated = stale && isTracked(root, manifestPath);
    if (isOutdated) {
      console.error(
        `${fromHere(join(root, manifestPath))} does not say what the sources define: run nuvom tasks and commit it`,
      );
    }
    return problems.length > 0 || isOutdated ? 1 : 0;
  },
});

function isTracked(folder: string, path: string): boolean {
  try {
    const git = Bun.spawnSync(["git", "ls-files", "--error-unmatch", path], { cwd: folder });
    return git.exitCode === 0;
  } catch {
    return false; // There is no git, or no such folder.
  }
}
