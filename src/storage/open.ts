import { resolve } from "node:path";
import { InvalidOptionError, StorageError } from "../errors.ts";
import { projectRoot } from "../project.ts";
import type { Storage } from "./storage.ts";

/**
 * Opens the storage of a URL:
 *
 * - `sqlite:PATH`, optionally with `?synchronous=normal`; a relative path starts at `root`, the project unless given
 * - `redis://`, `rediss://` (TLS) or `redis+unix://` with the address of a Redis or Valkey: see `redisAddress`
 * - `memory:` private to the handle, or `memory:NAME` shared within this program
 *
 * @throws InvalidOptionError for a URL that names no storage, StorageError if it cannot be opened.
 */
export function openStorage(url: string, root: string = projectRoot()): Storage {
  const [, scheme, rest = ""] = /^([a-z][a-z0-9+]*):(.*)$/s.exec(url) ?? [];
  // Each is loaded when it is first used: a program has use for one of them, and most processes of a worker for none.
  if (scheme === "memory") return (require("./memory.ts") as typeof import("./memory.ts")).openMemory(rest);
  if (scheme === "private") {
    throw new StorageError(
      "a job cannot reach its worker's storage, which lives in the worker's own program: to enqueue from inside a job, start the worker with a storage URL such as sqlite:.nuvom/nuvom.db",
    );
  }
  if (scheme === "sqlite") {
    const { path, synchronous } = sqliteParts(url, rest);
    const { openSqlite } = require("./sqlite.ts") as typeof import("./sqlite.ts");
    return openSqlite(path === ":memory:" ? path : resolve(root, path), synchronous);
  }
  if (/^(redis|valkey)(s|\+unix)?$/.test(scheme ?? "")) {
    return (require("./redis.ts") as typeof import("./redis.ts")).openRedis(url);
  }
  throw new InvalidOptionError(
    `storage "${withoutPassword(url)}" is not known: use sqlite:PATH (such as sqlite:.nuvom/nuvom.db), redis://HOST or memory:`,
  );
}

/** The storage as a job's process is to name it, which runs in another folder and program. */
export function storageUrlForProcesses(url: string | null, root: string): string {
  if (url === null || url.startsWith("memory:") || url.startsWith("sqlite::memory:")) return "private:";
  return absoluteUrl(url, root);
}

/** The same storage, named independently of the folder. */
export function absoluteUrl(url: string, root: string): string {
  if (!url.startsWith("sqlite:") || url.startsWith("sqlite::memory:")) return url;
  const { path, query } = sqliteParts(url, url.slice("sqlite:".length));
  return `sqlite:${resolve(root, path)}${query}`;
}

function sqliteParts(url: string, rest: string) {
  const [, path = "", query = ""] = /^(.*?)(\?.*)?$/s.exec(rest) ?? [];
  const parameters = new URLSearchParams(query);
  const synchronous = parameters.get("synchronous") ?? "full";
  const unknown = [...parameters.keys()].find((key) => key !== "synchronous");
  if (path === "") throw new InvalidOptionError(`storage "${url}" names no file: use sqlite:.nuvom/nuvom.db`);
  if (unknown)
    throw new InvalidOptionError(`storage "${url}": there is no option "${unknown}", only synchronous`);
  if (synchronous !== "full" && synchronous !== "normal") {
    throw new InvalidOptionError(`storage "${url}": synchronous is full or normal, not "${synchronous}"`);
  }
  return { path, query, synchronous } as const;
}

/** The path of the file that keeps a storage, `null` if none does. */
export function sqliteFile(url: string, root: string): string | null {
  if (!url.startsWith("sqlite:") || url.startsWith("sqlite::memory:")) return null;
  return resolve(root, sqliteParts(url, url.slice("sqlite:".length)).path);
}

/** The URL of a storage for people: of what may be a password, which may hold any character, nothing is left. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z][a-z0-9+]*:\/\/)(?:([^:@/]*):)?.*@/is, (_, scheme, user) => {
    return `${scheme}${user === undefined ? "" : `${user}:`}***@`;
  });
}
