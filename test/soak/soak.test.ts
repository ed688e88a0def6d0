import { expect, test } from "bun:test";
import { temporaryFolder } from "../support/folder.ts";
import { soak } from "./run.ts";
import { summary } from "./summary.ts";

/** Of chaos; a few more pass until all is done. `bun test/soak/main.ts` goes on for longer. */
const seconds = Number(process.env.NUVOM_TEST_SOAK ?? 4);

test.each(["sqlite", "redis"] as const)(
  "whatever is killed and stopped, on %s every law holds in the end",
  async (storage) => {
    using folder = temporaryFolder();
    const seed = Date.now() % 1_000_000;
    const result = await soak({ storage, seconds, seed, lease: 3_000, folder: folder.path });
    console.log(`${seconds} s on ${storage}, seed ${seed}\n${summary(result)}`);
    expect(result.violations).toEqual([]);
  },
  (seconds + 180) * 1_000,
);
