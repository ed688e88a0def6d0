import { Pool } from "pg";
import { PgBoss } from "pg-boss";
import type { Contest, Contestant, Payload } from "../contestant.ts";
import { trackProgress, untilNoneLeft } from "./progress.ts";

const name = "bench";

export const contestants: Contestant[] = [
  {
    name: "pg-boss",
    kind: "peer",
    storage: "postgresql",
    durability: "every confirmed job and result survives a power failure (fsync, synchronous_commit=on)",
    survives: "power failure",
    contests: ["one at a time", "in flight", "bulk", "drain"],
    setup:
      "send and insert; work with batchSize 1,000, burstWhenBatchFull, localConcurrency 2 and perJobResults, without which it stores no results of batches; in the same process, and called again for each drain, as it cannot be paused",
    open: ({ postgresql }) => open(postgresql),
  },
];

/** What https://pgboss.io/api/workers has for a backlog. It names no sizes: of 100 to 1,000 these were the fastest. */
const fetching = {
  batchSize: 1_000,
  burstWhenBatchFull: true,
  localConcurrency: 2,
  perJobResults: true,
} as const;

async function open(connectionString: string): Promise<Contest> {
  const progress = trackProgress();
  const boss = new PgBoss({ connectionString });
  boss.on("error", progress.fail);
  await boss.start();
  await boss.createQueue(name);
  const pool = new Pool({ connectionString, max: 1 });
  let stopped: Promise<unknown> = Promise.resolve();
  return {
    async enqueue(payload) {
      await stopped;
      return boss.send(name, payload);
    },
    async enqueueMany(payloads) {
      await stopped;
      return boss.insert(
        name,
        payloads.map((data) => ({ data })),
      );
    },
    async drain(count) {
      await stopped;
      await progress.drain(count, () => startWorkers());
      // The handler returns before the results are stored.
      await untilNoneLeft(nextLeft);
      stopped = boss.offWork(name);
      stopped.catch(progress.fail);
    },
    async delivered() {
      const { rows } = await pool.query<{ data: Payload; output: { value: unknown } }>(
        "SELECT data, output FROM pgboss.job WHERE name = $1 AND state = 'completed'",
        [name],
      );
      return progress.delivered(
        rows.map(({ data, output }) => ({ index: data.index, result: output.value })),
      );
    },
    async close() {
      await stopped;
      await boss.stop({ graceful: false });
      await pool.end();
    },
  };

  function startWorkers() {
    return boss.work<Payload, number, typeof fetching>(name, fetching, async (jobs) =>
      jobs.map(({ id, data }) => {
        const output = progress.deliver(data);
        progress.stored();
        return { id, status: "completed" as const, output };
      }),
    );
  }

  async function nextLeft() {
    const left = "SELECT id FROM pgboss.job WHERE name = $1 AND state < 'completed' LIMIT 1";
    return (await pool.query<{ id: string }>(left, [name])).rows[0]?.id;
  }
}
