import { describe, expect, test } from "bun:test";
import { Nuvom } from "../../src/index.ts";
import { scheduled } from "../fixtures/tasks/basic.ts";
import { temporaryFolder } from "../support/folder.ts";
import { every } from "../support/jobs.ts";
import { startWorkerProgram } from "../support/programs.ts";
import { startRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";

/** The full length is half a minute; the usual run is shorter. */
const seconds = Number(process.env.NUVOM_TEST_KILLS ?? 10);
const schedules = 200;
const lease = 10_000;

const places: Record<string, () => Promise<{ url: string } & AsyncDisposable>> = {
  async SQLite() {
    const folder = temporaryFolder();
    return {
      url: `sqlite:${folder.file("jobs.db")}`,
      [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
    };
  },
  Redis: () => startRedis(),
};

describe.each(Object.keys(places))("%s", (name) => {
  test("four workers, one killed every two seconds: each occurrence of 200 schedules is fired once", async () => {
    await using storage = await places[name]!();
    await using nuvom = new Nuvom({ storage: storage.url });
    const ids = Array.from({ length: schedules }, (_, index) => `every-second-${index}`);
    for (const id of ids) await nuvom.schedule(scheduled, undefined, { every: "1s", id });
    const start = () => startWorkerProgram(storage.url, ["--quiet", "--processes", "1"]);
    const workers = [start(), start(), start(), start()];
    const end = Date.now() + seconds * 1_000;
    let kills = 0;
    while (Date.now() < end) {
      await Bun.sleep(2_000);
      const victim = kills++ % workers.length;
      workers[victim]!.program.kill("SIGKILL");
      workers[victim] = start();
    }
    await until(async () => {
      const alive = (await nuvom.storage.workers()).filter(({ seenAt }) => seenAt > Date.now() - 5_000);
      const pids = new Set(alive.map(({ pid }) => pid));
      return workers.every(({ program }) => pids.has(program.pid));
    });
    const stopped = await Promise.all(workers.map((worker) => worker.stop()));
    expect(stopped.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);

    const jobs = (await every(nuvom.storage)).filter(({ schedule }) => schedule !== null);
    const fired = Map.groupBy(jobs, ({ schedule }) => schedule!);
    let [most, longest, late] = [0, 0, 0];
    for (const id of ids) {
      const occurrences = fired
        .get(id)!
        .map(({ scheduledFor }) => scheduledFor!)
        .sort((a, b) => a - b);
      expect(new Set(occurrences).size).toBe(occurrences.length);
      const { made } = (await nuvom.getSchedule(id).get()).definition;
      expect(occurrences).toHaveLength(made);
      const gaps = occurrences.slice(1).map((at, index) => at - occurrences[index]!);
      most = Math.max(most, ...gaps.map((gap) => gap / 1_000 - 1));
      longest = Math.max(longest, ...gaps);
      late = Math.max(
        late,
        ...fired.get(id)!.map(({ createdAt, scheduledFor }) => createdAt - scheduledFor!),
      );
    }
    console.log(
      `${jobs.length} occurrences fired in ${seconds} s with ${kills} kills, none twice; at most ${most} missed in a row, and ${late} ms late`,
    );
    expect(longest).toBeLessThan(lease);
  }, 120_000);
});
