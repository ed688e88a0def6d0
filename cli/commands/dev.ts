import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { configFile } from "../../src/config/file.ts";
import { discover } from "../../src/discovery/discover.ts";
import { Changes } from "../changes.ts";
import { command, configFlags, configurable, configured, rootFlag, rootOf } from "../command.ts";

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
      const { state, folders } = await look(root, flags);
      if (changes.watch(folders)) continue;
      if (state !== running) {
        if (running !== "") console.error("the sources have changed: new jobs run the new ones");
        running = state;
        const previous = current;
        current = start();
        previous?.disconnect();
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

/** What the sources are now, in a text that is another when they are others, and the folders that they are in. */
async function look(root: string, flags: object): Promise<{ state: string; folders: string[] }> {
  const { sources, folders } = discover(root, area(root, flags));
  const texts = [configFile(root), ...alsoWatched.map((name) => join(root, name))].map((path) => {
    try {
      return path === null ? "" : readFileSync(path, "utf8");
    } catch {
      return "";
    }
  });
  return { state: JSON.stringify([sources, ...texts]), folders };
}

/** Where the configuration has the sources looked for. If it is wrong, the worker says so. */
function area(root: string, flags: object) {
  const path = configFile(root);
  // Otherwise it would stay as it was when it was first read.
  if (path !== null) delete require.cache[path];
  try {
    return configured(flags, root).values;
  } catch {
    return {};
  }
}
