import { Database } from "bun:sqlite";
import { availableParallelism, cpus, release, tmpdir, totalmem, type } from "node:os";
import project from "../package.json";
import { findPostgresql, findRedisServer } from "../scripts/setup.ts";
import { peerVersions } from "./compare/all.ts";
import type { Results } from "./figures.ts";

export interface Disk {
  /** Such as `ext4 on /dev/vda`. */
  description: string;
  /** Whether it is none, so that what is synced there costs nothing. */
  isMemory: boolean;
}

/** Where the files are that the benches write. */
export function disk(): Disk {
  // Only GNU's tells the kind.
  const [source, kind] =
    lastLine(["df", "--output=source,fstype", tmpdir()]) ?? lastLine(["df", "-P", tmpdir()]) ?? [];
  return {
    description: [kind, source].filter((part) => part !== undefined).join(" on ") || "unknown",
    isMemory: kind === "tmpfs",
  };
}

export function machine(): Results["machine"] {
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    system: `${type()} ${release()}`,
    disk: disk().description,
  };
}

/** The commit that is checked out, as in {@link Results}. */
export function commit(): string | null {
  const git = (...args: string[]) => Bun.spawnSync(["git", ...args], { cwd: import.meta.dir });
  const { success, stdout } = git("rev-parse", "--short", "HEAD");
  if (!success) return null;
  const isChanged = git("status", "--porcelain").stdout.length > 0;
  return stdout.toString().trim() + (isChanged ? "+" : "");
}

/** Of all that is measured, as far as it is on this machine. */
export function versions({ peers }: { peers: boolean }): Results["versions"] {
  using database = new Database(":memory:");
  const sqlite = database.query<{ version: string }, []>("SELECT sqlite_version() AS version").get()!;
  const redis = findRedisServer();
  const postgresql = peers ? findPostgresql() : null;
  return {
    Nuvom: project.version,
    Bun: Bun.version,
    SQLite: sqlite.version,
    ...(redis && { [redis.endsWith("valkey-server") ? "Valkey" : "Redis"]: versionOf(redis) }),
    ...(postgresql && { PostgreSQL: versionOf(postgresql.postgres) }),
    ...(peers && peerVersions),
  };
}

function versionOf(program: string): string {
  const { stdout } = Bun.spawnSync([program, "--version"]);
  return /\d+(?:\.\d+)+/.exec(stdout.toString())?.[0] ?? "unknown";
}

/** Its words; `null` where it fails. */
function lastLine(command: string[]): string[] | null {
  const { success, stdout } = Bun.spawnSync(command, { stdio: ["ignore", "pipe", "ignore"] });
  return success ? stdout.toString().trim().split("\n").at(-1)!.split(/\s+/) : null;
}
