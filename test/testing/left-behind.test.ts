import { expect, setSystemTime, test } from "bun:test";
import { testNuvom } from "../../src/testing/index.ts";

test("a harness that was never closed does not set the time of the next", async () => {
  testNuvom({ now: "2030-01-01T00:00:00Z" });
  await using next = testNuvom();
  expect(next.now.getUTCFullYear()).toBeLessThan(2030);
  setSystemTime();
});

test("closing twice disturbs no other", async () => {
  const first = testNuvom();
  await first.close();
  await using second = testNuvom({ now: "2031-01-01T00:00:00Z" });
  await first.close();
  expect(new Date().getUTCFullYear()).toBe(2031);
  expect(second.now.getUTCFullYear()).toBe(2031);
});
