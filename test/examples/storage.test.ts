import { describe, expect, test } from "bun:test";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openRemote } from "../../examples/storage/remote/client.ts";
import { serveStorage } from "../../examples/storage/remote/server.ts";
import { letters } from "../../examples/storage/tasks/letters.ts";
import { decode } from "../../src/codec.ts";
import { Nuvom, openStorage, StorageError, StorageUnavailableError } from "../../src/index.ts";
import { aJob, aWorker, idsOf, now } from "../../src/testing/builders.ts";
import { testStorage } from "../../src/testing/index.ts";
import { journal } from "../fixtures/tasks/basic.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checkResults, countOf, every, executions } from "../support/jobs.ts";
import { collect } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";
import { startProxy } from "../support/proxy.ts";
import { until } from "../support/until.ts";
import { fixtures } from "../support/worker.ts";

const example = join(import.meta.dir, "../../examples/storage");
const token = "secret";

testStorage("remote, in front of SQLite", () => {
  const folder = temporaryFolder();
  const storage = openStorage(`sqlite:${folder.file("jobs.db")}`);
  const server = serveStorage(storage, { port: 0, token });
  return {
    open: () => openRemote(server.url, token),
    async cleanup() {
      await server.stop();
      await storage.close();
      folder[Symbol.dispose]();
    },
  };
});

/** A server in front of memory, and a handle on it. */
function served(storage = openStorage("memory:"), port = 0) {
  const server = serveStorage(storage, { port, token });
  const remote = openRemote(server.url, token);
  return {
    server,
    storage,
    remote,
    port: Number(new URL(server.url).port),
    async [Symbol.asyncDispose]() {
      await remote.close();
      await server.stop();
    },
  };
}

describe("a connection that is lost before the answer came", () => {
  test("what does no harm is asked again; what might happen twice is not, and says so", async () => {
    await using at = served();
    let cuts = 0;
    using proxy = startProxy(at.port, { answer: () => cuts-- <= 0 });
    const remote = openRemote(proxy.url.replace("redis:", "http:"), token);
    await remote.heartbeat(aWorker());
    await remote.insert([aJob()]);
    cuts = 1;
    expect(await remote.counts()).toMatchObject([{ pending: 1 }]);
    cuts = 1;
    const error = await remote.claim("w1", ["default"], 1, now).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StorageUnavailableError);
    expect(String(error)).toContain("whether the call took effect is not known");
    expect(await remote.heartbeat(aWorker())).toMatchObject({ running: 1 });
    await remote.close();
  });
});

test("while nobody serves, calls wait, and whoever listens is woken when somebody does", async () => {
  await using first = served();
  const { remote, storage, port } = first;
  const woken = () => new Promise<void>((resolve) => remote.onWake(null, resolve));
  await woken();
  await first.server.stop();
  const call = remote.claim("w1", ["default"], 1, now).catch((error: Error) => error.name);
  const waken = woken();
  await using _ = served(storage, port);
  expect(await call).toBe("LeaseLostError");
  await waken;
});

test("what nobody answers fails as unavailable, what is refused as an error that says why", async () => {
  await using at = served();
  const wrong = openRemote(at.server.url, "wrong");
  await expect(wrong.counts()).rejects.toThrow("401 the token is wrong");
  await expect(wrong.counts()).rejects.not.toBeInstanceOf(StorageUnavailableError);
  await at.storage.close();
  await expect(at.remote.counts()).rejects.toThrow("this handle of the memory storage is closed");
  await expect(at.remote.counts()).rejects.toBeInstanceOf(StorageError);
  await at.server.stop();
  const impatient = openRemote(at.server.url, token, 200);
  const error = await impatient.insert([aJob()]).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(StorageUnavailableError);
  expect(String(error)).not.toContain("not known");
});

/** Says what the storage has accepted from it. */
const workerProgram = `
import { startWorker } from "nuvom";
const worker = await startWorker({
  processes: 1,
  onEvent: (event) => event.type === "succeeded" && console.log(event.id),
});
process.on("SIGTERM", () => worker.stop());
`;

/** A project with the files of the example, and programs that run in it as its reader would start them. */
async function startedExample() {
  const folder = await temporaryProject({ "worker.ts": workerProgram });
  cpSync(example, folder.path, { recursive: true });
  cpSync(join(fixtures, "tasks/basic.ts"), folder.file("tasks/basic.ts"));
  const programs: Bun.Subprocess[] = [];
  const start = (file: string, env: Record<string, string>) => {
    const program = Bun.spawn([process.execPath, file], {
      cwd: folder.path,
      env: { ...process.env, NUVOM_STORAGE: "", JOBS_TOKEN: token, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    programs.push(program);
    return { program, output: collect(program.stdout) };
  };
  return {
    folder,
    async serve(port = "0") {
      const { program, output } = start("remote/server.ts", { PORT: port });
      await until(async () => output.text.includes("\n"));
      return { program, url: new URL(/listening on (\S+)$/m.exec(output.text)![1]!) };
    },
    work: (url: URL) => start("worker.ts", { JOBS_URL: url.origin }),
    async [Symbol.asyncDispose]() {
      for (const program of programs) program.kill("SIGKILL");
      await Promise.all(programs.map(({ exited }) => exited));
      folder[Symbol.dispose]();
    },
  };
}

test("two workers, each a program: the server is killed and started again, each job is executed and settled once", async () => {
  await using project = await startedExample();
  const server = await project.serve();
  await using nuvom = new Nuvom({ storage: openRemote(server.url.origin, token) });
  const file = project.folder.file("journal");
  const total = 4_000;
  const values = Array.from({ length: total }, (_, value) => ({ file, value }));
  await nuvom.enqueueMany(journal, values);
  const workers = [project.work(server.url), project.work(server.url)];
  await until(async () => (await countOf(nuvom.storage, "succeeded")) > 100);
  server.program.kill("SIGKILL");
  await server.program.exited;
  const killedAfter = executions(file).length;
  expect(killedAfter).toBeLessThan(total);
  // Waits, as it is certain that nobody has heard of it.
  const enqueued = nuvom.enqueue(letters, { names: ["Ada", "Alan"] });
  await project.serve(server.url.port);
  expect(await (await enqueued).result()).toBe(2);
  await until(async () => (await countOf(nuvom.storage, "succeeded")) === total + 3);
  for (const { program } of workers) program.kill("SIGTERM");
  expect(await Promise.all(workers.map(({ program }) => program.exited))).toEqual([0, 0]);

  const jobs = await every(nuvom.storage);
  expect(jobs).toHaveLength(total + 3);
  expect(new Set(jobs.map(({ attempt }) => attempt))).toEqual(new Set([1]));
  const { journal: journals, letter } = Object.groupBy(jobs, ({ task }) => task);
  checkResults(journals!);
  expect(executions(file).sort()).toEqual(idsOf(journals!).sort());
  expect(letter!.map(({ result }) => decode(result!)).sort()).toEqual([
    "Dear Ada, this came from afar.",
    "Dear Alan, this came from afar.",
  ]);

  await Promise.all(workers.map(({ output }) => output.ended));
  const accepted = workers.flatMap(({ output }) => output.text.trim().split("\n"));
  expect(new Set(accepted).size).toBe(accepted.length);
  // But for those of which the server could not tell any more that it had accepted them.
  expect(accepted.length).toBeWithin(total / 2, total + 4);
  console.log(
    `killed after ${killedAfter} of ${total} jobs; ${total + 3 - accepted.length} answers were lost`,
  );
}, 60_000);

test("docs/writing-a-storage.md shows the files of the example as they are", () => {
  const text = readFileSync(join(example, "../../docs/writing-a-storage.md"), "utf8");
  const blocks = [...text.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)];
  expect(blocks.map(([, name]) => name).sort()).toEqual([
    "nuvom.config.ts",
    "remote/client.ts",
    "remote/remote.test.ts",
    "remote/server.ts",
    "remote/wire.ts",
  ]);
  for (const [, name, content] of blocks) {
    expect(content).toBe(readFileSync(join(example, name!), "utf8"));
  }
  expect([...text.matchAll(/^```ts$/gm)]).toHaveLength(blocks.length);
});
