import { expect, test } from "bun:test";
import { testNuvom } from "nuvom/testing";
import { analyse } from "../tasks/text.ts";

test("letters are counted", async () => {
  await using nuvom = testNuvom();
  const job = await analyse.enqueue({ text: "Otto" });
  expect(await job.result()).toEqual({ length: 4, letters: { o: 2, t: 2 } });
  expect(await nuvom.jobs(analyse)).toMatchObject([{ input: { text: "Otto" }, attempt: 1 }]);
});

test("a text that is too long is refused", async () => {
  await using nuvom = testNuvom();
  await expect(analyse.enqueue({ text: "x".repeat(100_001) })).rejects.toThrow("input.text: Too big");
  expect(await nuvom.jobs()).toEqual([]);
});
