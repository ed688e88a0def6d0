import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Job,
  Nuvom,
  type Storage,
  StorageUnavailableError,
  startWorker,
  type WorkerEvent,
} from "../../src/index.ts";
import { openStorage } from "../../src/storage/open.ts";
import { add, journal, nap } from "../fixtures/tasks/basic.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checkResults, executions } from "../support/jobs.ts";
import { startProgram } from "../support/programs.ts";
import { startRedis } from "../support/redis.ts";
import { commandsDuring } from "../support/redis-monitor.ts";
import { until } from "../support/until.ts";
import { fixtures } from "../support/worker.ts";

interface RecordedEvent {
  type: string;
  id: string;
  at: number;
}

/** Two recording workers and a client on a Redis that loses nothing it has confirmed. */
async function plant() {
  const folder = temporaryFolder();
  const server = await startRedis({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
  const nuvom = new Nuvom({ storage: `${server.url}?timeout=1s` });
  const file = folder.file("journal");
  const records = ["first", "second"].map((name) => folder.file(name));
  const recorder = join(import.meta.dir, "recorder.ts");
  const workers = records.map((record) => startProgram(recorder, [`${server.url}?timeout=1s`, record]));
  await Promise.all(records.map((record) => until(record)));

  /** The ids of the jobs whose enqueueing was confirmed, and when. */
  const confirmed = new Map<string, number>();
  let value = 0;

  /** Tries to enqueue some jobs at once. */
  async function produce(count: number): Promise<void> {
    const inputs = Array.from({ length: count }, () => ({ file, value: value++ }));
    const results = await Promise.allSettled(inputs.map((input) => nuvom.enqueue(journal, input)));
    for (const result of results) {
      if (result.status === "fulfilled") confirmed.set(result.value.id, Date.now());
      else expect(result.reason).toBeInstanceOf(StorageUnavailableError);
    }
  }

  return {
    server,
    workers,
    confirmed,
    produce,
    events: () => records.map(eventsIn),
    /** Waits until every confirmed job has ended and checks that none was lost or settled twice. */
    async check(): Promise<void> {
      const ids = [...confirmed.keys()];
      const jobs = new Map<string, Job>();
      await until(async () => {
        const open = ids.filter((id) => !jobs.has(id));
        for (const job of await nuvom.storage.get(open.slice(0, 1_000))) {
          if (job?.state === "succeeded") jobs.set(job.id, job);
        }
        return jobs.size === ids.length;
      });
      checkResults([...jobs.values()]);
      const executed = executions(file);
      expect(new Set(ids).difference(new Set(executed)).size).toBe(0);
      const settled = records.flatMap(eventsIn).filter(({ type }) => type === "succeeded");
      expect(new Set(settled.map(({ id }) => id)).size).toBe(settled.length);
      const twice = executed.length - new Set(executed).size;
      const errors = records.flatMap(eventsIn).filter(({ type }) => type === "storage-error").length;
      console.log(
        `${ids.length} jobs confirmed, all ended; ${twice} executed twice; ${errors} storage errors`,
      );
      expect(workers.map(({ exitCode }) => exitCode)).toEqual([null, null]);
    },
    async [Symbol.asyncDispose]() {
      for (const worker of workers) worker.kill("SIGKILL");
      await Promise.all(workers.map(({ exited }) => exited));
      await nuvom.close();
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}

function eventsIn(file: string): RecordedEvent[] {
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  return lines.filter(Boolean).map((line) => JSON.parse(line));
}

test("a Redis that is killed and restarted, twice, during 5,000 jobs loses none, and the workers come back", async () => {
  await using site = await plant();
  let restarts = 0;
  while (site.confirmed.size < 5_000) {
    if (site.confirmed.size > [1_500, 3_000, Number.POSITIVE_INFINITY][restarts]!) {
      restarts++;
      await Promise.all([site.server.restart(), site.produce(50)]);
    }
    await site.produce(50);
  }
  await site.check();
  expect(restarts).toBe(2);
}, 60_000);

test("connections that are all killed ten times a second, and scripts that are forgotten, lose no job", async () => {
  await using site = await plant();
  const control = new Bun.RedisClient(site.server.url);
  await control.connect();
  for (let kill = 0; kill < 50; kill++) {
    const next = performance.now() + 100;
    while (performance.now() < next) {
      await site.produce(20);
      await Bun.sleep(5);
    }
    await control.send("CLIENT", ["KILL", "TYPE", "normal", "SKIPME", "yes"]);
    if (kill === 25) await control.send("SCRIPT", ["FLUSH"]);
  }
  control.close();
  await site.check();
}, 60_000);

/** A minute shows that no client gives up in the meantime; the usual run is shorter. */
const outage = Number(process.env.NUVOM_TEST_OUTAGE ?? 5) * 1_000;

test(
  "after Redis was away under load, workers and producers work again within two seconds",
  async () => {
    await using site = await plant();
    for (let batch = 0; batch < 20; batch++) await site.produce(50);
    await site.server.kill();
    const back = performance.now() + outage;
    while (performance.now() < back) {
      await site.produce(10);
      await Bun.sleep(100);
    }
    await site.server.restart();
    const returned = Date.now();
    while (Date.now() < returned + 2_000) {
      await site.produce(10);
      await Bun.sleep(20);
    }
    await site.check();
    const firstConfirmed = Math.min(...[...site.confirmed.values()].filter((at) => at > returned));
    const firstSettled = site.events().map((events) => {
      return Math.min(
        ...events.filter(({ type, at }) => type === "succeeded" && at > returned).map(({ at }) => at),
      );
    });
    const delays = [firstConfirmed, ...firstSettled].map((at) => at - returned);
    console.log(`away for ${outage / 1_000} s; producer and workers back after ${delays.join(", ")} ms`);
    expect(Math.max(...delays)).toBeLessThan(5_000);
  },
  outage + 60_000,
);

test("who waits for a result while Redis is away gets it soon after", async () => {
  await using server = await startRedis({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
  await using nuvom = new Nuvom({ storage: `${server.url}?timeout=1s` });
  const worker = await startWorker({ storage: `${server.url}?timeout=1s`, root: fixtures, processes: 1 });
  const job = await nuvom.enqueue(nap, { milliseconds: 1_000 });
  const result = job.result();
  await until(async () => (await job.state()) === "running");
  await server.kill();
  await Bun.sleep(3_000);
  await server.restart();
  const back = performance.now();
  await result;
  expect(performance.now() - back).toBeLessThan(6_000);
  await worker.stop();
}, 30_000);

test("a worker that starts while Redis is away does not take over what others have yet to record", async () => {
  await using server = await startRedis({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
  const storage = `${server.url}?timeout=500ms`;
  await using nuvom = new Nuvom({ storage });
  const start = (onEvent: (event: WorkerEvent) => void = () => {}) =>
    startWorker({ storage, root: fixtures, processes: 1, lease: "4s", onEvent });
  const first = await start();
  await (await nuvom.enqueue(add, { x: 1, y: 2 })).result();
  const job = await nuvom.enqueue(nap, { milliseconds: 500 });
  await until(async () => (await job.state()) === "running");
  await server.kill();
  await until(async () => first.status().processes.every(({ running }) => running === 0));
  await until(async () => !first.status().hasLease);
  const refused = Promise.withResolvers<void>();
  const second = await start(({ type }) => type === "storage-error" && refused.resolve());
  await refused.promise;
  await server.restart();
  await job.result();
  expect(await job.get()).toMatchObject({ worker: first.id, crashes: 0, claims: 1 });
  await Promise.all([first.stop(), second.stop()]);
}, 30_000);

test("a program ends when it no longer waits for a result, although Redis is away", async () => {
  await using server = await startRedis();
  const url = `${server.url}?timeout=3s`;
  await using nuvom = new Nuvom({ storage: url });
  const job = await nuvom.enqueue(add, { x: 1, y: 2 });
  const script = `
    const { Nuvom } = await import(${JSON.stringify(join(import.meta.dir, "../../src/index.ts"))});
    const nuvom = new Nuvom({ storage: "${url}" });
    await nuvom.storage.queues();
    process.send("ready");
    process.disconnect();
    await nuvom.job("${job.id}").result({ timeout: "4s" }).catch((error) => console.log(error.name));
  `;
  const ready = Promise.withResolvers<void>();
  const program = Bun.spawn([process.execPath, "-e", script], { ipc: () => ready.resolve(), stdout: "pipe" });
  await ready.promise;
  const began = performance.now();
  await server.kill();
  expect(await program.stdout.text()).toBe("ResultTimeoutError\n");
  await program.exited;
  expect(performance.now() - began).toBeLessThan(12_000);
}, 30_000);

/** What an operation waits where no timeout is given: the machines of the tests may be slow, but not by so much. */
const usualTimeout = 5_000;

test("a producer whose Redis is away is told within its timeout, whenever it asks", async () => {
  const server = await startRedis();
  await using nuvom = new Nuvom({ storage: `${server.url}?timeout=300ms` });
  await nuvom.enqueue(add, { x: 1, y: 1 });
  await server.kill();
  for (const pause of [0, 100, 500]) {
    await Bun.sleep(pause);
    const began = performance.now();
    await expect(nuvom.enqueue(add, { x: 1, y: 1 })).rejects.toBeInstanceOf(StorageUnavailableError);
    expect(performance.now() - began).toBeLessThan(usualTimeout);
  }
  await server.restart();
  await until(async () => nuvom.enqueue(add, { x: 1, y: 1 }).then(Boolean, () => false));
  await server.stop();
});

test("a producer whose Redis does not answer is told within its timeout, and works when it does again", async () => {
  await using server = await startRedis();
  await using nuvom = new Nuvom({ storage: `${server.url}?timeout=300ms` });
  await nuvom.enqueue(add, { x: 1, y: 1 });
  process.kill(server.pid, "SIGSTOP");
  const began = performance.now();
  await expect(nuvom.enqueue(add, { x: 1, y: 1 })).rejects.toBeInstanceOf(StorageUnavailableError);
  expect(performance.now() - began).toBeLessThan(usualTimeout);
  process.kill(server.pid, "SIGCONT");
  await until(async () => nuvom.enqueue(add, { x: 1, y: 1 }).then(Boolean, () => false));
});

test("one job wakes about one of three idle workers", async () => {
  await using server = await startRedis();
  await using nuvom = new Nuvom({ storage: server.url });
  let woken = 0;
  const start = async () => {
    const storage = openStorage(server.url);
    const onWake: Storage["onWake"] = (queues, callback) =>
      storage.onWake(queues, () => {
        woken++;
        callback();
      });
    const worker = await startWorker({ storage: { ...storage, onWake }, root: fixtures, processes: 1 });
    return { worker, storage };
  };
  const plants = await Promise.all([start(), start(), start()]);
  const allWait = async () => (await send(server.url, "INFO", "clients")).includes("blocked_clients:3");
  await (await nuvom.enqueue(add, { x: 1, y: 2 })).result();
  await until(allWait);
  woken = 0;
  const jobs = 50;
  for (let count = 0; count < jobs; count++) {
    await (await nuvom.enqueue(add, { x: 1, y: 2 })).result();
    await until(allWait);
  }
  console.log(`${woken / jobs} of 3 workers woken by a job`);
  expect(woken / jobs).toBeLessThan(1.5);
  for (const { worker, storage } of plants) {
    await worker.stop();
    await storage.close();
  }
}, 20_000);

/** A client and idle workers with one process each, in this program. */
async function idleWorkers(url: string, count: number) {
  const nuvom = new Nuvom({ storage: url });
  const start = () => startWorker({ storage: url, root: fixtures, processes: 1 });
  const workers = await Promise.all(Array.from({ length: count }, start));
  const allWait = async () => (await send(url, "INFO", "clients")).includes(`blocked_clients:${count}`);
  const warm = await nuvom.enqueueMany(
    nap,
    workers.map(() => ({ milliseconds: 200 })),
  );
  await Promise.all(warm.map((job) => job.result()));
  await until(allWait);
  return {
    nuvom,
    workers,
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.stop({ grace: 0 })));
      await nuvom.close();
    },
  };
}

test("jobs in a queue that is new are shared out at once", async () => {
  await using server = await startRedis();
  await using site = await idleWorkers(server.url, 3);
  const inputs = [1, 2, 3].map(() => ({ milliseconds: 3_000 }));
  const jobs = await site.nuvom.enqueueMany(nap, inputs, { queue: "new" });
  await Promise.all(jobs.map((job) => job.result()));
  const started = await Promise.all(jobs.map(async (job) => (await job.get()).startedAt!));
  expect(Math.max(...started) - Math.min(...started)).toBeLessThan(2_500);
});

test("a worker that stops, and waits for a long job, holds up no other job", async () => {
  await using server = await startRedis();
  await using site = await idleWorkers(server.url, 2);
  const long = await site.nuvom.enqueue(nap, { milliseconds: 4_000 });
  await until(async () => (await long.state()) === "running");
  const { worker: id } = await long.get();
  const stopped = site.workers.find((worker) => worker.id === id)!.stop();
  for (let count = 0; count < 5; count++) {
    const began = performance.now();
    await (await site.nuvom.enqueue(add, { x: 1, y: 2 })).result();
    expect(performance.now() - began).toBeLessThan(3_000);
  }
  await stopped;
  expect(await long.state()).toBe("succeeded");
}, 20_000);

test("idle workers send Redis a few commands a second", async () => {
  await using server = await startRedis();
  const start = () => startWorker({ storage: server.url, root: fixtures, processes: 1 });
  const workers = await Promise.all([start(), start(), start()]);
  await Bun.sleep(1_000);
  const seconds = 4;
  const commands = await commandsDuring(server, () => Bun.sleep(seconds * 1_000));
  const sent = commands.filter(({ inScript }) => !inScript);
  const rate = sent.length / seconds / workers.length;
  console.log(`${rate.toFixed(1)} commands a second and idle worker`);
  expect(rate).toBeLessThan(5);
  for (const worker of workers) await worker.stop();
}, 30_000);

async function send(url: string, command: string, argument: string): Promise<string> {
  const client = new Bun.RedisClient(url);
  try {
    return await client.send(command, [argument]);
  } finally {
    client.close();
  }
}
