import { expect, test } from "bun:test";
import { look, mostListed } from "../../../cli/watch/look.ts";
import { recent } from "../../../cli/watch/rates.ts";
import type { Storage } from "../../../src/index.ts";
import { openStorage } from "../../../src/index.ts";
import { aJob, failed, now, start } from "../../../src/testing/builders.ts";

/** A storage that notes which jobs it is asked for. */
function asked(storage: Storage) {
  const lists: [state: string, limit: number][] = [];
  return {
    lists,
    storage: {
      ...storage,
      list(...[filter, page]: Parameters<Storage["list"]>) {
        lists.push([filter.state!, page.limit]);
        return storage.list(filter, page);
      },
    },
  };
}

test("jobs are listed only where there are some, and failed ones only when their number has changed", async () => {
  const { storage, lists } = asked(openStorage("memory:"));
  const first = await look(storage);
  expect(lists).toEqual([]);

  const jobs = await start(storage, [aJob(), aJob()]);
  await storage.settle("w1", [failed(jobs[0]!)], now);
  const second = await look(storage, first);
  expect(second).toMatchObject({ running: [{ id: jobs[1]!.id }], failed: [{ id: jobs[0]!.id }] });
  expect(lists.splice(0).sort()).toEqual([
    ["failed", 1],
    ["running", 1],
  ]);

  const third = await look(storage, second);
  expect(third.failed).toEqual(second.failed);
  expect(lists.splice(0)).toEqual([["running", 1]]);

  await storage.settle("w1", [failed(jobs[1]!)], now);
  expect((await look(storage, third)).failed).toHaveLength(2);
  expect(lists).toEqual([["failed", 2]]);
});

test("of many jobs only some are listed", async () => {
  const { storage, lists } = asked(openStorage("memory:"));
  await start(
    storage,
    Array.from({ length: mostListed + 5 }, () => aJob()),
  );
  expect((await look(storage)).running).toHaveLength(mostListed);
  expect(lists).toEqual([["running", mostListed]]);
});

test("looks are kept for some seconds, and the one before however old it is", () => {
  const at = (seconds: number) => ({ at: seconds * 1_000 }) as Awaited<ReturnType<typeof look>>;
  const times = (seconds: number[], next: number) =>
    recent(seconds.map(at), at(next)).map((kept) => kept.at / 1_000);
  expect(times([1, 2, 3, 4, 5, 6, 7], 8)).toEqual([4, 5, 6, 7, 8]);
  expect(times([1, 2], 60)).toEqual([2, 60]);
});
