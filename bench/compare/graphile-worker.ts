import { Logger, makeWorkerUtils, type Runner, run } from "graphile-worker";
import { Pool } from "pg";
import type { Contest, Contestant, Payload } from "../contestant.ts";
import { trackProgress, untilNoneLeft } from "./progress.ts";

const identifier = "bench";

export const contestants: Contestant[] = [
  {
    name: "graphile-worker",
    kind: "peer",
    storage: "postgresql",
    durability:
      "every confirmed job survives a power failure (fsync, synchronous_commit=on); what a worker had fetched when it crashed, up to some 500 jobs, waits for four hours",
    survives: "power failure",
    contests: ["one at a time", "in flight", "bulk", "drain"],
    setup:
      "as in its own performance tests: concurrency 24, 25 connections, localQueue of 500, completions in batches; in the same process, and started again for each drain, as it cannot be paused; results are not stored",
    open: ({ postgresql }) => open(postgresql),
  },
];

/** https://worker.graphile.org/docs/performance#quick-stats */
const preset = {
  worker: {
    concurrentJobs: 24,
    maxPoolSize: 25,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};

async function open(connectionString: string): Promise<Contest> {
  const progress = trackProgress();
  // It logs every job in info.
  const logger = new Logger(() => (level, message) => {
    if (level === "error") progress.fail(message);
  });
  const pgPool = new Pool({ connectionString, max: preset.worker.maxPoolSize });
  pgPool.on("error", progress.fail);
  pgPool.on("connect", (client) => client.on("error", progress.fail));
  const utils = await makeWorkerUtils({ preset, pgPool, logger });
  await utils.migrate();
  let runner: Runner | null = null;
  let stopped: Promise<void> = Promise.resolve();
  return {
    async enqueue(payload) {
      await stopped;
      return utils.addJob(identifier, payload);
    },
    async enqueueMany(payloads) {
      await stopped;
      return utils.addJobs(payloads.map((payload) => ({ identifier, payload })));
    },
    async drain(count) {
      await stopped;
      try {
        await progress.drain(count, async () => {
          runner = await startRunner();
        });
        // The handler is told before the job is deleted.
        await untilNoneLeft(nextLeft);
      } finally {
        stopped = runner?.stop() ?? stopped;
        stopped.catch(progress.fail);
      }
    },
    async delivered() {
      return progress.handled();
    },
    async close() {
      await stopped;
      await utils.release();
      await pgPool.end();
    },
  };

  function startRunner() {
    return run({
      preset,
      pgPool,
      logger,
      noHandleSignals: true,
      taskList: {
        [identifier](payload) {
          progress.deliver(payload as Payload);
          progress.stored();
        },
      },
    });
  }

  async function nextLeft() {
    const { rows } = await pgPool.query<{ id: string }>("SELECT id FROM graphile_worker.jobs LIMIT 1");
    return rows[0]?.id;
  }
}
