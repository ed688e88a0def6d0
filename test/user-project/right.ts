/** What a user may write. `test/package.test.ts` compiles it outside the repository. */
import { JobFailedError, type JobHandle, Nuvom, startWorker, task, useClient } from "nuvom";
import { metrics } from "nuvom/monitoring";
import { type StorageUnderTest, type TestJob, testNuvom, testStorage } from "nuvom/testing";
import { z } from "zod";

export const sum = task("user.sum", async ({ x, y }: { x: number; y: number }) => x + y);

export const tick = task("user.tick", () => new Date());

export const welcome = task("user.welcome", {
  input: z.object({ to: z.email(), age: z.coerce.number<string>() }),
  queue: "mail",
  priority: "high",
  retry: { attempts: 5, backoff: "exponential", base: "1s", max: "10m", jitter: true },
  timeout: "30s",
  async run({ to, age }, { signal, log, attempt }) {
    signal.throwIfAborted();
    log("to", to, age + 1, attempt);
    return { id: to.length };
  },
});

export async function main(storage: string): Promise<number> {
  const nuvom = useClient(new Nuvom({ storage }));
  const worker = await startWorker({
    storage,
    processes: 1,
    onEvent: (event) => event.type === "failed" && console.log(event.error.message),
  });
  const job: JobHandle<number> = await sum.enqueue({ x: 1, y: 2 }, { in: "10m", key: "k" });
  const total: number = await job.result({ timeout: "5s" });
  const { id }: { id: number } = await (await welcome.enqueue({ to: "a@b.c", age: "7" })).result();
  const [first] = await sum.enqueueMany([{ x: 1, y: 2 }], ({ x }) => ({ key: `k${x}` }));
  const time: Date = await (await tick.enqueue()).result();
  try {
    await first?.result();
  } catch (error) {
    if (error instanceof JobFailedError) console.log(error.errors[0]?.message, error.state === "failed");
  }
  await worker.stop({ grace: "1s" });
  await nuvom.close();
  return total + id + time.getTime();
}

export const hourly = task("user.hourly", { every: "1h", run: () => "done" });

export async function harness(): Promise<number> {
  await using nuvom = testNuvom({ tasks: [hourly, tick], now: "2026-03-28T00:00:00Z", hooks: {} });
  const job: JobHandle<number> = await sum.enqueue({ x: 1, y: 2 }, { in: "2h" });
  const ran: TestJob[] = [...(await nuvom.runDue()), ...(await nuvom.advance("2h"))];
  const [first] = await nuvom.jobs(sum);
  const input: number | undefined = first?.input.x;
  const result: number | undefined = first?.result;
  nuvom.skip(new Date("2026-04-01T00:00:00Z"));
  await main(nuvom.now.toISOString());
  return (await job.result()) + (input ?? 0) + (result ?? 0) + ran.length;
}

export function conform(open: () => StorageUnderTest): void {
  testStorage("mine", open);
}

export async function scrape(nuvom: Nuvom): Promise<string> {
  const { registry, onEvent, watch } = metrics(nuvom);
  watch(await startWorker({ onEvent }));
  return registry.metrics();
}
