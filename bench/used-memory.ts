/** The bytes that a Redis uses, once the clients that have left, and their buffers, are gone from it. */
export async function usedMemory(redis: Bun.RedisClient): Promise<number> {
  for (;;) {
    const info: string = await redis.send("INFO", []);
    const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1]);
    if (field("connected_clients") === 1) return field("used_memory");
    await Bun.sleep(10);
  }
}
