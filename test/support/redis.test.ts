import { expect, test } from "bun:test";
import { startRedis } from "./redis.ts";

test("servers start side by side, each answers, and each is empty", async () => {
  await using first = await startRedis();
  await using second = await startRedis();
  const [one, two] = [new Bun.RedisClient(first.url), new Bun.RedisClient(second.url)];
  expect(await one.ping()).toBe("PONG");
  await one.set("key", "value");
  expect(await two.get("key")).toBeNull();
  one.close();
  two.close();
});

test("a server that is killed comes back on the same port with what it saved", async () => {
  await using redis = await startRedis({ args: ["--appendonly", "yes"] });
  const client = new Bun.RedisClient(redis.url);
  await client.set("key", "value");
  const before = redis.pid;
  await redis.restart();
  expect(redis.pid).not.toBe(before);
  expect(await client.get("key")).toBe("value");
  client.close();
});

test("a server ends with the process that started it", async () => {
  const source = `import { startRedis } from ${JSON.stringify(`${import.meta.dir}/redis.ts`)};
    console.log((await startRedis()).url);`;
  const owner = Bun.spawn([process.execPath, "--eval", source], { stdin: "ignore", stdout: "pipe" });
  const { value } = await owner.stdout.getReader().read();
  const client = new Bun.RedisClient(new TextDecoder().decode(value).trim(), { autoReconnect: false });
  await client.connect();
  const closed = Promise.withResolvers<void>();
  client.onclose = () => closed.resolve();
  owner.kill("SIGKILL");
  await closed.promise;
  await expect(client.ping()).rejects.toThrow();
});
