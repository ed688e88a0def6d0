import { expect, test } from "bun:test";
import type { Job } from "../../src/index.ts";
import { aJob } from "../../src/testing/builders.ts";
import { afterReport } from "../../src/worker/outcome.ts";

test.each([
  ["when its worker heard of it, if that was in time", 1_200, 290.4, 1_200],
  ["as much earlier as it has taken longer since", 1_400, 290.4, 1_210],
  ["when it was sent, if its worker heard late of all", 1_400, 500.4, 1_000],
  ["never before it was sent, whatever is reported", 1_400, 5_000, 1_000],
  ["when its worker heard of it, if what is reported is no duration", 1_400, Number.NaN, 1_400],
])("a job began %s", (_, startedAt, duration, began) => {
  const execution = { startedAt, importing: false, sentAt: 1_000, stop: null, notes: null };
  const report = { execution: "j:1", kind: "succeeded", result: new Uint8Array([192]), duration } as const;
  const place = { worker: "w", sources: "s", pid: 1, now: 1_500 };
  const { outcome } = afterReport({ job: aJob() as Job, ...execution }, report, place);
  expect(outcome).toMatchObject({ startedAt: began });
});
