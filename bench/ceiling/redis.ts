import { decodeMulti, encode } from "@msgpack/msgpack";
import type { Contest, Contestant, Payload } from "../contestant.ts";
import { grouped } from "./grouped.ts";
import { type BareJob, bareProcesses } from "./processes.ts";

/** The bare scripts of Redis that a queue needs: a hash for the jobs, a sorted set for their order, one for the results. */
export const contestants: Contestant[] = [
  {
    name: "bare Redis",
    kind: "ceiling",
    storage: "redis",
    contests: ["one at a time", "in flight", "bulk", "drain"],
    durability: "as the Redis, here without a log: a crash of it loses all",
    survives: "program crash",
    setup: "bare keys, and child processes that nothing watches: no lease, no retry, no checks, no counters",
    open: async ({ redis }) => open(redis),
  },
];

const insert = `for i = 2, #ARGV, 2 do
  redis.call("HSET", "jobs", ARGV[i], ARGV[i + 1])
  redis.call("ZADD", "pending", ARGV[1], ARGV[i])
end`;

/** Stores results and takes jobs; the jobs go to a key of their own, since replies would be decoded as UTF-8. */
const turn = `for i = 2, #ARGV, 2 do
  if redis.call("HDEL", "running", ARGV[i]) == 1 then redis.call("HSET", "results", ARGV[i], ARGV[i + 1]) end
end
local ids = redis.call("ZRANGE", "pending", 0, tonumber(ARGV[1]) - 1)
if #ids == 0 then return 0 end
redis.call("ZREM", "pending", unpack(ids))
local inputs = redis.call("HMGET", "jobs", unpack(ids))
local running, parts = {}, {}
for i, id in ipairs(ids) do
  running[2 * i - 1], running[2 * i] = id, 1
  parts[2 * i - 1], parts[2 * i] = cmsgpack.pack(id), inputs[i]
end
redis.call("HSET", "running", unpack(running))
redis.call("SET", "handoff", table.concat(parts))
return #ids`;

async function open(url: string): Promise<Contest> {
  const redis = new Bun.RedisClient(url);
  const load = (text: string) => redis.send("SCRIPT", ["LOAD", text]) as Promise<string>;
  const [inserting, turning] = await Promise.all([load(insert), load(turn)]);

  function add(payloads: readonly Payload[]): Promise<unknown> {
    // biome-ignore lint/suspicious/noExplicitAny: its types know texts only, and it takes bytes.
    const values: any[] = [`${Date.now()}`];
    for (const payload of payloads) values.push(Bun.randomUUIDv7(), encode(payload));
    return redis.send("EVALSHA", [inserting, "0", ...values]);
  }

  const processes = bareProcesses(async (limit, results) => {
    // biome-ignore lint/suspicious/noExplicitAny: see above.
    const values: any[] = results.flat();
    const [, bytes] = await Promise.all([
      redis.send("EVALSHA", [turning, "0", `${limit}`, ...values]),
      redis.getBuffer("handoff"),
      redis.send("DEL", ["handoff"]),
    ]);
    const parts = bytes ? [...decodeMulti(bytes)] : [];
    return Array.from(
      { length: parts.length / 2 },
      (_, place): BareJob => [parts[2 * place] as string, encode(parts[2 * place + 1])],
    );
  });

  return {
    enqueue: grouped(add),
    enqueueMany: add,
    drain: (count) => processes.drain(count),
    async delivered() {
      await redis.send("EVAL", [
        `local all = redis.call("HVALS", "results") redis.call("SET", "all", table.concat(all))`,
        "0",
      ]);
      const results = [...decodeMulti((await redis.getBuffer("all"))!)] as number[];
      const times = new Map<number, number>();
      for (const index of results) times.set(index, (times.get(index) ?? 0) + 1);
      return times;
    },
    async close() {
      processes.close();
      redis.close();
    },
  };
}
