import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { configFile } from "../config/file.ts";
import type { Task } from "../definition.ts";
import { type Discovery, discover } from "../discovery/discover.ts";
import type { Area } from "../discovery/files.ts";
import { InvalidOptionError } from "../errors.ts";
import { describeThrown } from "../thrown.ts";
import { describeTasks } from "./describe.ts";
import type { Described } from "./protocol.ts";
import { type Spawn, spawnProgram } from "./spawn.ts";
import { describeSchedule } from "./task-files.ts";

/** The tasks of a worker, and how its processes come by them. */
export interface Sources {
  discovery: Discovery;
  /** Starts a process that has them. */
  spawn: Spawn;
  /** The file of the project's configuration that the processes are to read, if there is one. */
  config: string | null;
  /** Finds out what schedules the definitions carry. Does not throw. */
  describe(signal: AbortSignal): Promise<Described>;
}

const processFile = join(import.meta.dir, "process-main.ts");

/**
 * The tasks that are found in the sources below `root`; a process imports the file of a task at its first job. To try them
 * out is to have processes import each of them now.
 * @throws InvalidOptionError in a bundled or compiled program, which has no files to import.
 */
export function discoveredTasks(
  root: string,
  { include, exclude }: Area,
  environment: Record<string, string>,
): Sources & { tryOut(): Promise<Described> } {
  if (!existsSync(processFile)) {
    throw new InvalidOptionError(
      "startWorker: this program is bundled or compiled, so that there are no sources to find tasks in: hand them over, as in startWorker({ tasks: [welcome, add] }); see docs/embedding.md",
    );
  }
  const discovery = discover(root, { include, exclude });
  const files = new Map(discovery.tasks.map(({ name, file }) => [name, file]));
  const isComplete = !discovery.problems.some(({ unread }) => unread);
  const spawn = spawnProgram([process.execPath, processFile]);
  const tasks = discovery.tasks.filter(({ mayRecur }) => mayRecur).map(({ name }) => name);
  const describe = (tasks: readonly string[], signal: AbortSignal) =>
    describeTasks({ root, environment, files, tasks, isComplete, signal, spawn });
  return {
    discovery,
    spawn,
    config: configFile(root),
    describe: (signal) => describe(tasks, signal),
    tryOut: () => describe([...files.keys()], new AbortController().signal),
  };
}

/** Its processes could not tell for which of two workers they are. */
let hasHandedOver = false;

/** Tasks that this program has imported itself. Its processes are the same program, started again. */
export function handedOver(root: string, tasks: readonly Task<never, unknown>[]): Sources {
  if (hasHandedOver)
    throw new InvalidOptionError(
      "startWorker: tasks: a program can hand over its tasks once: all to one worker",
    );
  const names = tasks.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new InvalidOptionError(`startWorker: tasks: there are two of the name ${JSON.stringify(twice)}`);
  }
  const isCompiled = import.meta.dir.startsWith("/$bunfs/");
  if (!isCompiled && !existsSync(Bun.main)) {
    throw new InvalidOptionError(
      "startWorker: tasks: the processes are this program, started again: it must be a file",
    );
  }
  hasHandedOver = true;
  const flags = process.execArgv.filter((flag) => !/^--(?:inspect|watch|hot)/.test(flag));
  const program = isCompiled ? [process.execPath] : [process.execPath, ...flags, Bun.main];
  // A bundle is all of the program, as a source is not.
  const hash = existsSync(processFile)
    ? discover(root).sources
    : Bun.hash.wyhash(readFileSync(isCompiled ? process.execPath : Bun.main)).toString(36);
  return {
    discovery: {
      tasks: tasks.map(({ name, definition: { isolation, recurring } }) => {
        return { name, isolation, mayRecur: recurring !== undefined, file: Bun.main, line: 1 };
      }),
      problems: [],
      files: 1,
      read: 0,
      folders: [],
      stale: false,
      sources: hash,
    },
    spawn: spawnProgram([...program, ...process.argv.slice(2)], process.cwd()),
    config: null,
    describe: () => describeAll(tasks),
  };
}

async function describeAll(tasks: readonly Task<never, unknown>[]): Promise<Described> {
  const described: Described = { tasks: [], failed: [], isComplete: true };
  for (const { name, definition } of tasks) {
    try {
      const task = await describeSchedule(definition, Date.now());
      if (task) described.tasks.push(task);
    } catch (error) {
      described.failed.push({ task: name, reason: describeThrown(error).message });
    }
  }
  return described;
}
