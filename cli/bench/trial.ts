import { existsSync, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { InvalidOptionError, openStorage, type Storage, StorageError } from "../../src/index.ts";
import { sqliteFile } from "../../src/storage/open.ts";
import { redisAddress, withPrefix } from "../../src/storage/redis/address.ts";
import type { Checkup } from "../../src/storage/storage.ts";
import { removeKeys } from "./redis-keys.ts";

/** Where jobs can be tried out: where the user's own are, but out of their reach, and of that of their workers. */
export interface Trial {
  /** How the user's storage is set up, asked without touching what is in it. */
  check(): Promise<Checkup>;
  /** A storage that is empty and nobody else's: another one at each call. */
  open(): string | Storage;
  /** What is there until `remove`, for people; `null` if nothing outlives the program. */
  leaves: string | null;
  /** Deletes those that were opened, which must be closed by then. */
  remove(): Promise<void>;
}

/**
 * @param root where a relative path starts.
 * @throws InvalidOptionError for a URL that names no storage, and for a storage of the user's own: a queue cannot be taken
 *   out of it again, and workers that serve all queues would take its jobs.
 */
export function trialBeside(storage: NonNullable<Config["storage"]>, root: string): Trial {
  if (typeof storage !== "string") {
    throw new InvalidOptionError(
      "nuvom bench cannot measure a storage of the project's own: a queue that it made there would stay, and your workers would take its jobs. Name another, as in nuvom bench --storage memory:, which shows what Nuvom itself takes",
    );
  }
  const name = `bench-${crypto.randomUUID().slice(0, 8)}`;
  const file = sqliteFile(storage, root);
  if (file !== null) return besideFile(storage, file, `nuvom-${name}`);
  if (/^(?:memory|sqlite):/.test(storage)) return inMemory(storage.replace(/^memory:.*/s, "memory:"));
  return besideKeys(storage, name);
}

function besideFile(url: string, file: string, name: string): Trial {
  const folder = folderOf(file);
  if (!statSync(folder).isDirectory()) {
    throw new StorageError(`storage ${file}: ${folder} is a file, not a folder: give another path`);
  }
  const [query = ""] = /\?.*$/s.exec(url) ?? [];
  let count = 0;
  const open = () => `sqlite:${join(folder, `${name}-${++count}.db`)}${query}`;
  return {
    check: () => checkup(openStorage(open())),
    open,
    leaves: `the files ${join(folder, name)}-*`,
    async remove() {
      const files = readdirSync(folder).filter((file) => file.startsWith(`${name}-`));
      for (const file of files) rmSync(join(folder, file));
    },
  };
}

/** On the disk of the file, or on that where it will be. */
function folderOf(file: string): string {
  if (existsSync(file)) return dirname(realpathSync(file));
  const folder = dirname(file);
  return existsSync(folder) ? folder : folderOf(folder);
}

function besideKeys(url: string, name: string): Trial {
  // It connects when it is first used; here it says what is wrong with the URL.
  const users = openStorage(url);
  const prefix = `${redisAddress(url).prefix}:${name}-`;
  let count = 0;
  let removed = 0;
  return {
    check: () => checkup(users),
    open: () => withPrefix(url, `${prefix}${++count}`),
    leaves: `the keys ${prefix}*`,
    async remove() {
      // It takes a look at every key that there is.
      if (removed < count) await removeKeys(url, prefix);
      removed = count;
    },
  };
}

function inMemory(url: string): Trial {
  const open = () => openStorage(url);
  return { check: () => checkup(open()), open, leaves: null, remove: async () => {} };
}

async function checkup(storage: Storage): Promise<Checkup> {
  try {
    return await storage.check(Date.now());
  } finally {
    await storage.close();
  }
}

/** Runs `work`, and removes what it left, whatever happens. @throws StorageError that says what could not be removed. */
export async function thenRemoved<T>(trial: Trial, work: () => Promise<T>): Promise<T> {
  const [worked] = await Promise.allSettled([work()]);
  try {
    await trial.remove();
  } catch (error) {
    const before = worked.status === "rejected" ? `${messageOf(worked.reason)}\nnuvom: ` : "";
    const left = `${trial.leaves} could not be deleted: ${messageOf(error)}; delete them yourself`;
    throw new StorageError(before + left, { cause: error });
  }
  if (worked.status === "rejected") throw worked.reason;
  return worked.value;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
