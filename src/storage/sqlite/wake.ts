import type { Database } from "bun:sqlite";
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** After a write to the file its commit is looked for after these pauses: it mostly follows within two milliseconds. */
const followUps = [1, 1, 1, 1.5, 2.5, 4, 6, 9, 13, 20, 30, 45, 65, 100];
/** A write this soon after another is followed with it: a busy file changes many times in a millisecond. */
const followTogether = 5;
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
  let following: Timer | undefined;
  let followedAt = 0;
  let seen: unknown;

  function notify() {
    for (const listener of listeners) listener();
  }

  function version(): unknown {
    try {
      return dataVersion.values()[0]?.[0];
    } catch (error) {
      // A change like any other: whoever is woken meets the same trouble and reports it.
      return error;
    }
  }

  function look() {
    const current = version();
    if (current === seen) return;
    seen = current;
    notify();
  }

  function written() {
    const now = performance.now();
    if (now - followedAt < followTogether) return;
    followedAt = now;
    follow();
  }

  function follow(step = 0) {
    clearTimeout(following);
    look();
    // A change that was seen need not be the commit: a log that begins anew shows one right before it.
    const isListening = listeners.size > 0;
    if (isListening && step < followUps.length)
      following = setTimeout(() => follow(step + 1), followUps[step]);
  }

  function start() {
    seen = version();
    slow = setInterval(look, lookAtLeastEvery);
    try {
      watcher = watch(dirname(path), (_, file) => file === log && written());
      watcher.on("error", () => watcher?.close());
    } catch {
      // The slow look works without it.
    }
  }

  function stop() {
    watcher?.close();
    clearInterval(slow);
    clearTimeout(following);
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
