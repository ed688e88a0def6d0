/** A worker on the fixtures that writes its events to a file as they happen, one JSON document a line. */
import { appendFileSync } from "node:fs";
import { startWorker } from "../../src/index.ts";
import { fixtures } from "../support/worker.ts";

const [storage, file] = process.argv.slice(2) as [string, string];
const worker = await startWorker({
  storage,
  root: fixtures,
  processes: 2,
  onEvent(event) {
    const error = "error" in event ? String(event.error) : undefined;
    appendFileSync(file, `${JSON.stringify({ ...event, error, at: Date.now() })}\n`);
  },
});
process.on("SIGTERM", () => worker.stop());
