import { join } from "node:path";
import { manifestPath } from "../../src/discovery/cache.ts";
import { discover } from "../../src/discovery/discover.ts";
import type { DiscoveredTask } from "../../src/discovery/scan.ts";
import {
  command,
  configFlags,
  configured,
  jsonFlag,
  rootFlag,
  rootOf,
  UsageError,
  withClient,
} from "../command.ts";
import { fromHere, printable, printJson, problemLines } from "../output.ts";
import { table } from "../table.ts";
import { brokenTasks } from "../try-out.ts";
import { undefinedTaskLine, undefinedTasks } from "../waiting.ts";

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
    import: {
      type: "boolean",
      help: "with --check: also have processes import each file, and exit with 1 if a task cannot be used",
    },
    storage: {
      type: "string",
      value: "URL",
      help: "with --check: exit with 1, too, if jobs or schedules wait there for a task that no source defines any more",
    },
    ...configFlags(["include", "exclude"]),
    ...jsonFlag,
  },
  examples: ["nuvom tasks", "nuvom tasks --json", "nuvom tasks --check --storage redis://localhost:6379"],
  async run(_, flags) {
    if (!flags.check && (flags.storage !== undefined || flags.import)) {
      throw new UsageError(`--${flags.import ? "import" : "storage"} is for --check`);
    }
    const root = rootOf(flags);
    const { values } = configured(flags, root);
    const { tasks, problems, stale } = discover(root, {
      ...values,
      fresh: flags.check || "include" in flags || "exclude" in flags,
    });
    if (flags.json)
      printJson({
        root,
        tasks: tasks.map(({ name, file, line }) => ({ name, file, line })),
        problems: problems.map(({ file, line, message }) => ({ file, line, message })),
      });
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
    const broken = flags.import ? await brokenTasks(root, values) : [];
    for (const line of broken) console.error(printable(line));
    const waiting = flags.storage === undefined ? [] : await waitingFor(flags, tasks, values.queues);
    for (const task of waiting) console.error(undefinedTaskLine(task));
    return problems.length + broken.length + waiting.length > 0 || isOutdated ? 1 : 0;
  },
});

function waitingFor(flags: object, tasks: readonly DiscoveredTask[], queues: readonly string[] | null) {
  const names = tasks.map(({ name }) => name);
  return withClient(flags, (nuvom) => undefinedTasks(nuvom, names, queues));
}

function isTracked(folder: string, path: string): boolean {
  try {
    const git = Bun.spawnSync(["git", "ls-files", "--error-unmatch", path], { cwd: folder });
    return git.exitCode === 0;
  } catch {
    return false; // There is no git, or no such folder.
  }
}
