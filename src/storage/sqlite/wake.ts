import type { Database } from "bun:sqlite";
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** How long after a write to the file its commit is looked for, and how often: commits follow within milliseconds. */
const followFor = 50;
const followEvery = 1;
/** For file systems that do not report changes, such as network ones. */
const lookAtLeastEvery = 500;

/**
 * Notices the commits of other connections, this program's and others', and calls every listener. A change of the
 * write-ahead log is only a hint, as it comes before the commit can be seen; `PRAGMA data_version` is the proof.
 */
export function watchCommits(database: Database, path: string) {
  const listeners = new Set<() => void>();
  const dataVersion = database.prepare<[number], []>("PRAGMA data_version");
  const log = `${basename(path)}-wal`;
  let watcher: FSWatcher | undefined;
  let slow: Timer | undefined;
  let fast: Timer | undefined;
  let followUntil = 0;
  let seen: number | undefined;

  function notify() {
    for (const listener of listeners) listener();
  }

  function look(): boolean {
    const version = dataVersion.values()[0]?.[0] as number;
    const changed = version !== seen;
    seen = version;
    if (changed) notify();
    return changed;
  }

  function follow() {
    followUntil = performance.now() + followFor;
    if (look() || fast) return;
    fast = setInterval(() => {
      if (look() || performance.now() > followUntil) {
        clearInterval(fast);
        fast = undefined;
      }
    }, followEvery);
  }

  function start() {
    seen = dataVersion.values()[0]?.[0] as number;
    slow = setInterval(look, lookAtLeastEvery);
    try {
      watcher = watch(dirname(path), (_, file) => file === log && follow());
      watcher.on("error", () => watcher?.close());
    } catch {
      // The slow look works without it.
    }
  }

  function stop() {
    watcher?.close();
    clearInterval(slow);
    clearInterval(fast);
    fast = undefined;
  }

  return {
    /** Tells the listeners of this handle about its own commits, which `data_version` does not show. */
    notify,
    listen(listener: () => void): () => void {
      const own = () => listener();
      listeners.add(own);
      if (listeners.size === 1) start();
      return () => {
        if (listeners.delete(own) && listeners.size === 0) stop();
      };
    },
    close() {
      listeners.clear();
      stop();
      dataVersion.finalize();
    },
  };
}
