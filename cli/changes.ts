import { watch } from "node:fs";

/** Editors write in several steps, and often several files at once. */
const settleTime = 100;

/** Tells of changes in folders, not in those below them. */
export class Changes {
  readonly #unwatched = new Set<string>();
  readonly #watchers = new Map<string, () => void>();
  #changed = Promise.withResolvers<void>();
  #timer: Timer | undefined;

  /** Watches these folders and no others. Returns whether one is new, of which changes may have been missed. */
  watch(folders: readonly string[]): boolean {
    const wanted = new Set(folders);
    for (const [folder, close] of this.#watchers) {
      if (wanted.has(folder)) continue;
      close();
      this.#watchers.delete(folder);
    }
    const before = this.#watchers.size;
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, () => this.#soon());
        watcher.on("error", () => this.#soon());
        this.#watchers.set(folder, () => watcher.close());
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        // It may be gone by now, of which the folder above tells.
        if (code === "ENOENT" || this.#unwatched.has(folder)) continue;
        this.#unwatched.add(folder);
        console.error(`nuvom: changes in ${folder} will not be seen: ${message}`);
      }
    }
    return this.#watchers.size > before;
  }

  /** Resolves when something has changed since it did so last. */
  async next(): Promise<void> {
    await this.#changed.promise;
    this.#changed = Promise.withResolvers<void>();
  }

  /** Makes `next` resolve at once. */
  wake(): void {
    this.#changed.resolve();
  }

  close(): void {
    this.watch([]);
    clearTimeout(this.#timer);
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.wake();
    }, settleTime);
  }
}
