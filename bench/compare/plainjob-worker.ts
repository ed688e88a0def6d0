/**
 * One of several processes that work off plainjob's jobs: `bun plainjob-worker.ts <file>`. It is told when to start and
 * when to stop, and tells that it is ready, and at each stop what it was given.
 */
import { openQueue, startWorker } from "./plainjob-queue.ts";
import { trackProgress } from "./progress.ts";

export type Command = "start" | "stop";
/** How often each job was delivered, by its index, since the process began. */
export type Reply = [index: number, times: number][];

const { queue } = openQueue(process.argv[2]!);
const progress = { ...trackProgress(), fail };
let worker: ReturnType<typeof startWorker> | null = null;

process.on("message", async (command: Command) => {
  if (command === "start") {
    worker = startWorker(queue, progress);
  } else {
    await worker?.stop();
    reply();
  }
});
process.on("disconnect", () => process.exit());
reply();

function reply() {
  const reply: Reply = [...progress.handled()];
  process.send!(reply);
}

/** Its end tells the bench. */
function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
