import { statSync } from "node:fs";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { configFile } from "../../src/config/file.ts";
import { type Area, sourceFiles } from "../../src/discovery/files.ts";
import { Changes } from "../changes.ts";
import { command, configFlags, configurable, configured, rootFlag, rootOf } from "../command.ts";
import { printable } from "../output.ts";

export default command({
  summary: "run jobs, and reload the sources when they change",
  usage: "",
  arguments: [0, 0],
  flags: { ...rootFlag, ...configFlags(configurable) },
  examples: ["nuvom dev", "nuvom dev --processes 1"],
  async run(_, flags) {
    const root = rootOf(flags);
    const changes = new Changes();
    const workers = new Set<Subprocess>();
    let current: Subprocess | undefined;
    let isStopping = false;

    function start(): Subprocess {
      const worker = Bun.spawn(
        [process.execPath, join(import.meta.dir, "../main.ts"), "worker", ...process.argv.slice(3)],
        {
          stdio: ["ignore", "inherit", "inherit"],
          // A worker that loses it ends as its jobs do.
          ipc() {},
          onExit() {
            workers.delete(worker);
            if (worker === current && !isStopping)
              console.error("the worker has ended; the next change starts another");
          },
        },
      );
      workers.add(worker);
      return worker;
    }

    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        isStopping = true;
        for (const worker of workers) worker.kill(signal);
        changes.wake();
      });
    }
    for (let running = ""; !isStopping; ) {
      const before = configStamp(root);
      const { area, problem } = configuration(root, flags);
      const { state, folders } = look(root, area);
      // It may have been read while it was written.
      if (changes.watch(folders) || configStamp(root) !== before) continue;
      if (state !== running) {
        running = state;
        if (problem !== null)
          console.error(printable(`nuvom: ${problem}; until that is mended, all stays as it is`));
        else {
          if (current) console.error("the sources have changed: new jobs run the new ones");
          const previous = current;
          current = start();
          previous?.disconnect();
        }
      }
      await changes.next();
    }
    changes.close();
    await Promise.all([...workers].map((worker) => worker.exited));
    return 0;
  },
});

/** Besides the sources, what decides how they run. */
const alsoWatched = ["package.json", "bun.lock", "tsconfig.json", "bunfig.toml"];

/** Is another when a file has changed. */
function stamp(path: string): string {
  const { size, mtimeMs, ctimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return JSON.stringify([path, size, mtimeMs, ctimeMs]);
}

function configStamp(root: string): string {
  return stamp(configFile(root) ?? "");
}

/**
 * The state of all sources, in a text that is another when they change, and the folders that they are in: also of those
 * that define no tasks, as a task may import them.
 */
function look(root: string, { include, exclude }: Area): { state: string; folders: string[] } {
  const { files, folders } = sourceFiles(root, { include: [".", ...(include ?? [])], exclude });
  const paths = [...files.values(), ...alsoWatched.map((name) => join(root, name))];
  return { state: paths.map(stamp).join(), folders: [root, ...folders] };
}

/** What is configured now, or what is wrong with that. */
function configuration(root: string, flags: object): { area: Area; problem: string | null } {
  const path = configFile(root);
  // Otherwise it would stay as it was when it was first read.
  if (path !== null) delete require.cache[path];
  try {
    return { area: configured(flags, root).values, problem: null };
  } catch (error) {
    return { area: {}, problem: (error as Error).message };
  }
}
