import { expect, test } from "bun:test";
import { Nuvom, StorageError, task, useClient } from "../../src/index.ts";
import { testNuvom } from "../../src/testing/index.ts";

const echo = task("lifetime.echo", (text: string) => text);
const told: unknown[] = [];
const endless = task("lifetime.endless", (_: unknown, { signal }) => {
  signal.addEventListener("abort", () => told.push(signal.reason.message));
  return new Promise(() => {});
});

test("a closed harness leaves the client and the time as they were before", async () => {
  await using before = useClient(new Nuvom({ storage: "memory:" }));
  {
    await using nuvom = testNuvom({ now: "2001-02-03T00:00:00Z" });
    await echo.enqueue("inside");
    await echo.schedule("inside", { every: "1h" });
    expect([(await nuvom.jobs()).length, (await nuvom.schedules()).length]).toEqual([1, 1]);
    expect(await before.storage.counts()).toEqual([]);
    expect(new Date().getUTCFullYear()).toBe(2001);
  }
  expect(new Date().getUTCFullYear()).toBeGreaterThan(2020);
  await echo.enqueue("outside");
  expect(await before.storage.counts()).toMatchObject([{ pending: 1 }]);
});

test("one inside another has jobs of its own", async () => {
  await using outer = testNuvom();
  await echo.enqueue("outer");
  {
    await using inner = testNuvom();
    await echo.enqueue("inner");
    expect(await inner.runDue()).toMatchObject([{ input: "inner" }]);
  }
  expect(await outer.runDue()).toMatchObject([{ input: "outer" }]);
});

test("closing gives back what runs, and tells it by its signal", async () => {
  const nuvom = testNuvom();
  await endless.enqueue();
  await echo.enqueue("behind it");
  const calls = [nuvom.advance("1d"), nuvom.runDue()];
  await calls[1];
  await nuvom.close();
  expect(told).toEqual(["the test has ended"]);
  const [ran] = await calls[0]!;
  expect(ran).toMatchObject({ state: "pending", attempt: 0, reason: "interrupted: its process was stopped" });
  expect(nuvom.now.getTime() - Date.now()).toBeLessThan(60_000);
  for (const call of [nuvom.advance("1h"), nuvom.runDue(), nuvom.enqueue(echo, "too late")]) {
    await expect(call).rejects.toBeInstanceOf(StorageError);
  }
  expect(() => nuvom.skip("1h")).toThrow("this harness is closed: make another with testNuvom()");
});

test("a client that is handed over is used as any other", async () => {
  await using nuvom = testNuvom();
  const notify = (client: Nuvom) => client.enqueue(echo, "by hand", { in: "1m" });
  const job = await notify(nuvom);
  await nuvom.advance("1m");
  expect(await job.result()).toBe("by hand");
});
