import { StorageError, StorageUnavailableError } from "../../errors.ts";
import type { Checkup } from "../storage.ts";
import type { RedisAddress } from "./address.ts";

const oldestVersion = 7;
const largestClockDifference = 1000;

/** @throws StorageError if the server cannot keep jobs, StorageUnavailableError if it cannot yet. */
export async function assertUsable(client: Bun.RedisClient, { shown }: RedisAddress): Promise<void> {
  const info = parseInfo(await client.send("INFO", []));
  const version = info.valkey_version ?? info.redis_version ?? "";
  if (!(Number.parseInt(version, 10) >= oldestVersion)) {
    throw new StorageError(
      `storage ${shown}: this is Redis ${version}, and Nuvom needs ${oldestVersion}.0 or newer, or Valkey`,
    );
  }
  if (info.redis_mode === "cluster") {
    throw new StorageError(`storage ${shown}: this is a cluster: Nuvom needs a Redis that is not sharded`);
  }
  if (info.role === "slave") {
    throw new StorageError(
      `storage ${shown}: this is a read-only replica: give the address of the primary${info.master_host ? `, ${info.master_host}:${info.master_port}` : ""}`,
    );
  }
  if (info.loading === "1") throw new StorageUnavailableError(shown, "Redis is still loading its data");
}

/** See `Storage.check`. */
export async function checkup(client: Bun.RedisClient, now: number): Promise<Checkup> {
  const [time, answer, config] = await Promise.all([
    client.send("TIME", []),
    client.send("INFO", []),
    // Not every user may ask that.
    client.send("CONFIG", ["GET", "appendfsync", "save"]).catch(() => null),
  ]);
  const info = parseInfo(answer);
  const found: string[] = [];
  if (info.maxmemory_policy !== "noeviction" && info.maxmemory !== "0") {
    found.push(
      `Redis has maxmemory-policy ${info.maxmemory_policy}: when it is full it deletes keys, and jobs with them; set it to noeviction`,
    );
  }
  const [seconds, microseconds] = (time as string[]).map(Number);
  const difference = now - (seconds! * 1000 + microseconds! / 1000);
  if (Math.abs(difference) > largestClockDifference) {
    const direction = difference > 0 ? "ahead of" : "behind";
    found.push(
      `the clock here is ${(Math.abs(difference) / 1000).toFixed(1)} s ${direction} that of Redis: jobs run that much too ${difference > 0 ? "early" : "late"}, and leases end at the wrong time; set both by NTP`,
    );
  }
  return { durability: durabilityOf(info.aof_enabled === "1", config), warnings: found };
}

function durabilityOf(isAppending: boolean, config: Record<string, string> | null): string {
  if (!isAppending) {
    return config?.save === ""
      ? "a crash of Redis loses every job: it keeps nothing on its disk (appendonly no, no snapshots)"
      : "a crash of Redis loses what came after its last snapshot (appendonly no)";
  }
  if (!config) return "Redis keeps a log; when it reaches the disk, this user may not ask";
  return config.appendfsync === "always"
    ? "every confirmed job survives a crash of Redis and of its machine (appendfsync always)"
    : `a crash of its machine may lose the last moments (appendfsync ${config.appendfsync})`;
}

function parseInfo(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split("\r\n")
      .filter((line) => line.includes(":"))
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}
