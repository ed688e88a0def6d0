import { afterAll } from "bun:test";
import { openStorage } from "../../src/storage/open.ts";
import { testStorage } from "../../src/testing/index.ts";
import { startRedis } from "../support/redis.ts";

const server = await startRedis();
afterAll(() => server.stop());

testStorage("redis", () => {
  const url = `${server.url}?prefix=${crypto.randomUUID()}`;
  return { open: () => openStorage(url) };
});
