import { temporaryFolder } from "../test/support/folder.ts";
import { startRedis } from "../test/support/redis.ts";
import type { Figure } from "./figures.ts";

/** An empty storage, as its users have it. */
export interface StorageUnderTest {
  /** The contestant of what is measured on it. */
  name: string;
  /** The URL of a storage; other names are other storages in the same place. */
  url(name?: string): string;
}

/** On an empty SQLite file with its defaults (synchronous=FULL), and then on an empty Redis in memory only. */
export async function onEachStorage(
  measure: (storage: StorageUnderTest) => Promise<Figure[]>,
): Promise<Figure[]> {
  return [...(await onSqlite(measure)), ...(await onRedis(measure))];
}

async function onSqlite(measure: (storage: StorageUnderTest) => Promise<Figure[]>): Promise<Figure[]> {
  using folder = temporaryFolder();
  return await measure({
    name: "Nuvom on SQLite",
    url: (name = "jobs") => `sqlite:${folder.file(`${name}.db`)}`,
  });
}

async function onRedis(measure: (storage: StorageUnderTest) => Promise<Figure[]>): Promise<Figure[]> {
  await using server = await startRedis();
  return await measure({
    name: "Nuvom on Redis",
    // What is added at once here may take it longer than a user would wait.
    url: (name = "jobs") => `${server.url}?prefix=${name}&timeout=60s`,
  });
}
