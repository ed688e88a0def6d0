import { afterAll, expect, test } from "bun:test";
import { openStorage } from "../../src/storage/open.ts";
import { aJob, pending } from "../../src/testing/builders.ts";
import { testStorage } from "../../src/testing/index.ts";
import { startRedis } from "../support/redis.ts";

const server = await startRedis();
afterAll(() => server.stop());

testStorage("redis", () => {
  const url = `${server.url}?prefix=${crypto.randomUUID()}`;
  return { open: () => openStorage(url) };
});

/** Cuts the last of the thirteen fields, which is nil, off a document. */
const withoutLast = `
  local document = redis.call('HGET', KEYS[1], ARGV[1])
  local length = struct.unpack('>I4', document)
  assert(string.byte(document, 5) == 0x9d and string.byte(document, 4 + length) == 0xc0)
  local fields = string.char(0x9c) .. string.sub(document, 6, 3 + length)
  redis.call('HSET', KEYS[1], ARGV[1], struct.pack('>I4', #fields) .. fields .. string.sub(document, 5 + length))`;

test("a job that an older release has inserted belongs to no trace", async () => {
  const storage = openStorage(`${server.url}?prefix=older`);
  const job = aJob({ key: "k" });
  await storage.insert([job]);
  const client = new Bun.RedisClient(server.url);
  await client.send("EVAL", [withoutLast, "1", "older:{default}:jobs", job.id]);
  client.close();
  expect(await storage.get([job.id])).toStrictEqual([pending(job)]);
  await storage.close();
});
