import { join } from "node:path";
import type { Command, Reply } from "./plainjob-worker.ts";

/** Processes that each run one of plainjob's workers; ready when this resolves. */
export async function startProcesses(path: string, count: number) {
  const processes = Array.from({ length: count }, () => startProcess(path));
  await Promise.all(processes.map(({ replied }) => replied()));
  return {
    start() {
      for (const { tell } of processes) tell("start");
    },
    async stop() {
      const replies = Promise.all(processes.map(({ replied }) => replied()));
      for (const { tell } of processes) tell("stop");
      await replies;
    },
    /** @throws if one has ended by itself. */
    check() {
      for (const { check } of processes) check();
    },
    /** How often each job was delivered, by its index, until they were stopped. */
    times() {
      const sums = new Map<number, number>();
      for (const [index, times] of processes.flatMap(({ times }) => times())) {
        sums.set(index, (sums.get(index) ?? 0) + times);
      }
      return sums;
    },
    end() {
      for (const { end } of processes) end();
    },
  };
}

function startProcess(path: string) {
  let next = Promise.withResolvers<void>();
  let times: Reply = [];
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "plainjob-worker.ts"), path], {
    stdio: ["ignore", "inherit", "inherit"],
    ipc(reply: Reply) {
      times = reply;
      next.resolve();
      next = Promise.withResolvers();
    },
  });
  let ended = false;
  const end = child.exited.then(() => {
    ended = true;
  });
  const check = () => {
    if (ended) throw new Error("A process with a worker of plainjob has ended.");
  };
  return {
    /** Resolves at its next reply. */
    replied: () => Promise.race([next.promise, end.then(check)]),
    check,
    tell: (command: Command) => child.send(command),
    times: () => times,
    end: () => child.kill(),
  };
}
