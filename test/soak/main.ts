/** `bun test/soak/main.ts [--minutes 10] [--storage sqlite|redis] [--seed N]`: exits with 1 if a law was broken. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { soak } from "./run.ts";
import { summary } from "./summary.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    storage: { type: "string", default: "sqlite" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
  },
});
const { storage } = values;
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isSafeInteger(seed) || (storage !== "sqlite" && storage !== "redis")) {
  console.error("usage: bun test/soak/main.ts [--minutes 10] [--storage sqlite|redis] [--seed N]");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "nuvom-soak-"));
console.log(`${minutes} minutes on ${storage}, seed ${seed}, journals in ${folder}`);
const result = await soak({ storage, seconds: minutes * 60, seed, lease: 10_000, folder });
console.log(summary(result));
if (result.violations.length === 0) rmSync(folder, { recursive: true });
process.exit(result.violations.length === 0 ? 0 : 1);
