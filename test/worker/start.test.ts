import { expect, test } from "bun:test";
import type { Job } from "../../src/index.ts";
import { Pool } from "../../src/worker/pool.ts";
import type { FromProcess, ToProcess } from "../../src/worker/protocol.ts";
import { VirtualClock } from "../support/clock.ts";

interface Started {
  at: number;
  received(message: FromProcess): void;
  kill(): void;
}

/** A pool of one place, whose processes do what the test says. Times count from its start. */
function pool(mayStart: () => boolean = () => true) {
  const clock = new VirtualClock(0);
  const started: Started[] = [];
  const events: string[] = [];
  const settled: unknown[] = [];
  const sent: unknown[] = [];
  const made = new Pool({
    clock,
    spawn({ received, exited }) {
      if (!mayStart()) throw new Error("no more processes");
      const kill = () => queueMicrotask(() => exited("signal SIGKILL", false));
      const process = { at: clock.now(), received, kill };
      return {
        pid: started.push(process),
        send: (message) => void sent.push(message),
        catchUp: () => true,
        kill,
      };
    },
    ...{ root: "/", environment: {}, config: null, sources: "s", worker: "w", files: new Map() },
    ...{ size: 1, concurrency: 1, sizeLimit: 1_000, killGrace: 10, importLimit: 10, maxMemory: null },
    recycle: { jobs: null, age: null, memory: null },
    isolation: new Map(),
    facts: new Map(),
    random: () => 0.5,
    emit: (event) => events.push(event.type),
    settle: (verdict) => settled.push(verdict.outcome),
    began: () => {},
    changed: () => {},
    noted: () => {},
  });
  return { clock, started, events, settled, sent, pool: made, times: () => started.map(({ at }) => at) };
}

test("a process that does not get ready within ten seconds is replaced, after longer pauses each time", async () => {
  const { clock, started, times, pool: own } = pool();
  expect(own.room).toBe(0);
  await clock.advance(33_000);
  expect(times()).toEqual([0, 10_100, 20_300, 30_700]);
  expect(own.room).toBe(0);
  started[3]!.received({ type: "ready" });
  expect(own.room).toBe(1);
  own.close();
});

test("one that was ready is replaced at once, and the next time by one that has started ahead", async () => {
  const { clock, started, times, pool: own } = pool();
  await clock.advance(10_100);
  started[1]!.received({ type: "ready" });
  await clock.advance(20_000);
  expect(times()).toEqual([0, 10_100]);
  started[1]!.kill();
  await clock.advance(0);
  await clock.advance(1_000);
  expect(times()).toEqual([0, 10_100, 30_100, 31_100]);
  for (const process of started.slice(2)) process.received({ type: "ready" });
  expect(own.room).toBe(1);
  started[2]!.kill();
  await clock.advance(0);
  expect(own.room).toBe(1);
  expect(times()).toHaveLength(4);
  own.close();
});

test("a process that begins to import for a job that was taken back is told to leave it", () => {
  const { started, sent, pool: own } = pool();
  started[0]!.received({ type: "ready" });
  sent.length = 0;
  started[0]!.received({ type: "importing", execution: "gone:1" });
  expect(sent).toMatchObject([{ type: "abort", execution: "gone:1" }]);
  own.close();
});

test("where the system lets no process start, it is tried again and again", async () => {
  let mayStart = false;
  const { clock, events, times, pool: own } = pool(() => mayStart);
  await clock.advance(1_000);
  expect(events.every((type) => type === "process-failed")).toBe(true);
  expect(events.length).toBeGreaterThan(2);
  mayStart = true;
  await clock.advance(10_000);
  expect(times()).toHaveLength(1);
  own.close();
});

test("a job that a process was given before it was ready loses nothing if it never is", async () => {
  const { clock, settled, started, pool: own } = pool();
  own.assign([suspect("j")]);
  expect(started).toHaveLength(2);
  await clock.advance(10_001);
  const reason = "its process did not start";
  expect(settled).toMatchObject([{ id: "j", kind: "released", reason, runAt: 11_000 }]);
  own.close();
});

test("a suspect that waits for its process is given back with the others, and does not begin any more", async () => {
  const { clock, settled, started, sent, pool: own } = pool();
  own.assign([suspect("j"), suspect("k")]);
  own.interrupt();
  expect(settled).toMatchObject([{ id: "k", kind: "released" }]);
  await clock.advance(2_000);
  expect(settled).toMatchObject([{ id: "k" }, { id: "j", kind: "released" }]);
  for (const process of started) process.received({ type: "ready" });
  const ids = (sent as ToProcess[]).flatMap((message) => (message.type === "run" ? message.jobs : []));
  expect(ids.filter(({ id }) => id === "k")).toEqual([]);
  own.close();
});

function suspect(id: string): Job {
  const job = { id, task: "t", crashes: 2, claims: 3, attempt: 1, runAt: 0, startedAt: 0 };
  return { ...job, input: new Uint8Array() } as unknown as Job;
}
