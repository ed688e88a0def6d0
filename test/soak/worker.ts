/**
 * A worker that writes its events down. As `nuvom worker`, which cannot be given a lease:
 * `bun worker.ts STORAGE FOLDER OPTIONS`, the last in JSON.
 */
import { join } from "node:path";
import { startWorker, type WorkerOptions } from "../../src/index.ts";
import { dieWithParent } from "../../src/worker/orphan.ts";
import { type EventEntry, journals, note } from "./journal.ts";

const [storage, folder, options] = process.argv.slice(2) as [string, string, string];
const { events, executions } = journals(folder);
process.env.NUVOM_SOAK_EXECUTIONS = executions;
const isTold = new Set(["succeeded", "retry", "failed", "cancelled", "refused", "lease-lost", "unfit"]);

dieWithParent();
let unrecorded = 0;
const worker = await startWorker({
  killGrace: "500ms",
  ...(JSON.parse(options) as WorkerOptions),
  storage,
  root: join(import.meta.dir, "tasks"),
  onEvent(event) {
    if (event.type === "stopped") unrecorded = event.unrecorded;
    if (!isTold.has(event.type)) return;
    const id = "id" in event ? { id: event.id } : {};
    note<EventEntry>(events, { type: event.type, worker: process.pid, ...id, at: Date.now() });
  },
});
process.on("SIGTERM", () => void worker.stop({ grace: "2s" }));
await worker.stopped;
process.exit(unrecorded > 0 ? 1 : 0);
