/** How many jobs a second cross to a bare child process and back, one by one and many in each message. */
import { join } from "node:path";
import { encode } from "@msgpack/msgpack";
import type { BareJob, BareResult } from "../ceiling/processes.ts";
import { payloads } from "../contestant.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";

const perMessage = [1, 64, 256];

export const measure: Measure = async ({ quick = false, jobs = quick ? 2_000 : 100_000 } = {}) => {
  let back = Promise.withResolvers<BareResult[]>();
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "../ceiling/child.ts")], {
    stdio: ["ignore", "inherit", "inherit"],
    serialization: "advanced",
    ipc: (results: BareResult[]) => back.resolve(results),
  });
  const input = encode(payloads(0, 1)[0]);

  async function crossed(count: number): Promise<void> {
    back = Promise.withResolvers();
    child.send(Array.from({ length: count }, (_, key): BareJob => [key, input]));
    const results = await back.promise;
    if (results.length !== count) throw new Error(`of ${count} jobs ${results.length} came back`);
  }

  const figures = [];
  await crossed(1);
  for (const size of perMessage) {
    const messages = Math.ceil(jobs / (size === 1 ? 5 : 1) / size);
    const began = performance.now();
    for (let message = 0; message < messages; message++) await crossed(size);
    const perSecond = (1_000 * messages * size) / (performance.now() - began);
    figures.push(figure(`IPC/${size} in each message`, "bare IPC", "jobs/s", perSecond));
  }
  child.kill();
  return figures;
};

if (import.meta.main) await runAlone(measure);
