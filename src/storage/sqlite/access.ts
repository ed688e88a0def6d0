import { existsSync, statSync } from "node:fs";
import { StorageError } from "../../errors.ts";
import { explained, type openDatabase, type Synchronous, writeTransaction } from "./database.ts";

/**
 * Milliseconds between two looks whether the files are still the same, rather than there at all. Who asks when a log was
 * last changed has Linux tell it exactly from then on, and each sync write that as well: a quarter of what a commit costs.
 */
const identifyEvery = 5;

/** The ways to use an open file: each refuses when the handle was closed or the file is no longer the one it opened. */
export function accessTo(
  { database, change }: ReturnType<typeof openDatabase>,
  path: string,
  synchronous: Synchronous,
) {
  const files = [path, `${path}-wal`];
  const opened = files.map(idOf).join();
  let identifiedAt = Number.NEGATIVE_INFINITY;
  let closed = false;
  let current: Synchronous | null = null;

  function transaction<T>(wanted: Synchronous, work: () => T): Promise<T> {
    const begin = () => {
      if (current !== wanted) database.run(`PRAGMA synchronous = ${wanted}`);
      current = wanted;
      change.begin.run();
    };
    return writeTransaction({ database, path, begin, commit: () => void change.commit.run() }, work);
  }

  function assertOpen() {
    if (closed) throw new StorageError(`storage ${path} is closed`);
  }

  /** What is written to a file that was deleted is gone: it must not be confirmed. */
  function assertSameFile() {
    const now = performance.now();
    if (now - identifiedAt < identifyEvery && files.every((file) => existsSync(file))) return;
    identifiedAt = now;
    if (files.map(idOf).join() === opened) return;
    throw new StorageError(
      `storage ${path}: the file or its -wal file was deleted or replaced while it was open; start again`,
    );
  }

  return {
    assertOpen,

    async write<T>(work: () => T): Promise<T> {
      assertOpen();
      const result = await transaction(synchronous, work);
      assertSameFile();
      return result;
    },

    /**
     * For what a power failure may undo: after it there is no worker to hold what was claimed, and what was deleted
     * can be deleted again. It spares the wait for the disk, and the next `write` makes it durable as well.
     */
    async writeLightly<T>(work: () => T): Promise<T> {
      assertOpen();
      assertSameFile();
      return transaction("normal", work);
    },

    async read<T>(work: () => T): Promise<T> {
      assertOpen();
      assertSameFile();
      try {
        return work();
      } catch (error) {
        throw explained(error, path);
      }
    },

    /** Returns whether it was open. */
    close(): boolean {
      const wasOpen = !closed;
      closed = true;
      return wasOpen;
    },
  };
}

/** Tells a file from others of the same path. */
function idOf(file: string): string {
  try {
    const { dev, ino } = statSync(file);
    return `${dev}:${ino}`;
  } catch {
    return "none";
  }
}
