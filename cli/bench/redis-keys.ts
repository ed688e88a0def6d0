import { redisAddress } from "../../src/storage/redis/address.ts";
import { Connection } from "../../src/storage/redis/connection.ts";

/** How many keys Redis looks at in one step. */
const step = "1000";

/** Deletes every key of a Redis that begins so, and no other. @throws StorageError */
export async function removeKeys(url: string, prefix: string): Promise<void> {
  const connection = new Connection(redisAddress(url));
  const send = <T>(command: string, ...values: string[]): Promise<T> =>
    connection.use((client) => client.send(command, values), { repeatable: true });
  const pattern = `${prefix.replaceAll(/[\\*?[\]^]/g, "\\$&")}*`;
  try {
    let cursor = "0";
    do {
      const [next, keys] = await send<[string, string[]]>("SCAN", cursor, "MATCH", pattern, "COUNT", step);
      if (keys.length > 0) await send("UNLINK", ...keys);
      cursor = next;
    } while (cursor !== "0");
  } finally {
    connection.close();
  }
}
