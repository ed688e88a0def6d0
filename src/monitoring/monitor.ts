import type { Storage } from "../storage/storage.ts";
import type { WorkerEvent } from "../worker/events.ts";
import type { WorkerStatus } from "../worker/status.ts";
import { metrics } from "./metrics.ts";
import { serveMetrics } from "./server.ts";

/** The metrics of a worker, and the server that Prometheus asks for them. @throws InvalidOptionError if the port is taken. */
export function monitor(options: {
  storage: Storage;
  port: number;
  hostname: string;
  status(): WorkerStatus;
}) {
  const { onEvent, watch, registry } = metrics(options);
  watch(options);
  const server = serveMetrics({ ...options, registry });
  return {
    url: server.url.href,
    onEvent: (event: WorkerEvent) => onEvent(event),
    close: () => server.stop(true),
  };
}
