import { afterAll, test } from "bun:test";
import fc from "fast-check";
import { openStorage } from "../../src/storage/open.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startRedis } from "../support/redis.ts";
import { aSequence, follow } from "./model/sequence.ts";

const runs = Number(process.env.NUVOM_TEST_RUNS ?? 30);
/** `SEED/PATH`, as a failure names it. */
const [seed, path] = process.env.NUVOM_TEST_REPLAY?.split("/") ?? [];

/** For how long a shorter sequence that fails is looked for. */
const patience = 20_000;

const folder = temporaryFolder();
const redis = await startRedis();
afterAll(async () => {
  folder[Symbol.dispose]();
  await redis.stop();
});

const urls: Record<string, (name: string) => string> = {
  memory: (name) => `memory:${name}`,
  sqlite: (name) => `sqlite:${folder.file(name)}?synchronous=normal`,
  redis: (name) => `${redis.url}?prefix=${name}`,
};

for (const [storage, urlOf] of Object.entries(urls)) {
  const title = `${storage} does what the model does, whatever several workers and clients do`;

  test(title, async () => {
    let deadline = Number.POSITIVE_INFINITY;
    const law = fc.asyncProperty(aSequence, async (steps) => {
      if (performance.now() > deadline) return;
      const url = urlOf(crypto.randomUUID());
      const handles = [openStorage(url), openStorage(url)] as const;
      try {
        await follow(steps, handles);
      } catch (error) {
        deadline = Math.min(deadline, performance.now() + patience);
        throw error;
      } finally {
        await Promise.all(handles.map((handle) => handle.close()));
      }
    });
    const replayed = seed === undefined ? {} : { seed: Number(seed), path: path ?? "" };
    const result = await fc.check(law, { numRuns: runs, endOnFailure: seed !== undefined, ...replayed });
    if (!result.failed) return;
    const { errorInstance, counterexamplePath } = result;
    const again = `NUVOM_TEST_REPLAY=${result.seed}/${counterexamplePath} bun test model.test.ts -t ${storage}`;
    throw new Error(`\n${(errorInstance as Error).message}\n\nOnce more: ${again}\n`);
  }, 3_600_000);
}
