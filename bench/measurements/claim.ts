/**
 * What a claim and a settlement of 100 jobs cost beside few and many others. Those are due one after the other from a
 * day on which time stands still: before it they are jobs of the future, after it a backlog.
 */
import { openStorage, type Storage } from "nuvom";
import { aJob, aWorker } from "../../src/testing/builders.ts";
import { type Figure, median } from "../figures.ts";
import { figure, type Measure, runAlone } from "../measurement.ts";
import { onEachStorage, type StorageUnderTest } from "../storages.ts";

const perClaim = 100;
const perInsert = 10_000;
const dueFrom = Date.UTC(2030, 0, 1);
const worker = "bench";

export const measure: Measure = ({ quick = false, jobs = quick ? 20_000 : 5_000_000 } = {}) => {
  const sizes = [1_000, ...(jobs > 100_000 ? [100_000] : []), jobs];
  const calls = quick ? 10 : 100;
  return onEachStorage(async (storage) => {
    const backlogs: Backlog[] = [];
    for (const size of sizes) backlogs.push(await backlog(storage, size));
    const figures = [
      ...(await compared(storage.name, "future", backlogs, calls)),
      ...(await compared(storage.name, "pending", backlogs, calls)),
    ];
    for (const { handle } of backlogs) await handle.close();
    return figures;
  });
};

interface Backlog {
  handle: Storage;
  size: number;
}

async function backlog(storage: StorageUnderTest, size: number): Promise<Backlog> {
  const url = storage.url(`${size}`);
  // Nothing is lost if a power failure takes this back.
  const filler = openStorage(url.startsWith("sqlite:") ? `${url}?synchronous=normal` : url);
  for (let added = 0; added < size; added += perInsert) {
    await filler.insert(dueJobs(Math.min(perInsert, size - added), dueFrom + added));
  }
  const handle = openStorage(url);
  await handle.heartbeat(aWorker(worker, { leaseUntil: Number.MAX_SAFE_INTEGER }));
  await filler.close();
  return { handle, size };
}

/** Due one a millisecond, and not kept once they have ended. */
function dueJobs(count: number, from: number) {
  return Array.from({ length: count }, (_, index) => aJob({ runAt: from + index, keepFor: 0 }));
}

async function compared(contestant: string, when: "future" | "pending", backlogs: Backlog[], calls: number) {
  const times = backlogs.map(() => ({ claim: [] as number[], settle: [] as number[] }));
  // They take turns, so that what else the machine does meets each of them.
  for (let call = -5; call < calls; call++) {
    for (const [index, { handle, size }] of backlogs.entries()) {
      const now = when === "future" ? dueFrom - 1 : dueFrom + 2 * size + calls * perClaim;
      const { claim, settle } = await claimed(handle, now, when === "future" ? now - perClaim : now - 1);
      if (call < 0) continue;
      times[index]!.claim.push(claim);
      times[index]!.settle.push(settle);
    }
  }
  return (["claim", "settle"] as const).flatMap((operation) =>
    backlogs.map(({ size }, index): Figure => {
      const beside = `${size.toLocaleString("en")} ${when}`;
      const milliseconds = median(times[index]![operation]);
      return figure(`${operation}/${perClaim} beside ${beside}`, contestant, "ms", milliseconds);
    }),
  );
}

/** The milliseconds that one claim and one settlement take; so many jobs are added before that it stays as it was. */
async function claimed(storage: Storage, now: number, runAt: number) {
  await storage.insert(Array.from({ length: perClaim }, () => aJob({ runAt, keepFor: 0 })));
  const began = performance.now();
  const jobs = await storage.claim(worker, ["default"], perClaim, now);
  const got = performance.now();
  if (jobs.length !== perClaim) throw new Error(`a claim of ${perClaim} due jobs gave ${jobs.length}`);
  const outcomes = jobs.map(({ id, queue, claims }) => {
    return { id, queue, claims, kind: "succeeded", startedAt: now, result: new Uint8Array([1]) } as const;
  });
  const settling = performance.now();
  await storage.settle(worker, outcomes, now);
  return { claim: got - began, settle: performance.now() - settling };
}

if (import.meta.main) await runAlone(measure);
