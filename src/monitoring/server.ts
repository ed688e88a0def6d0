import type { Registry } from "prom-client";
import { formatDuration } from "../duration.ts";
import { InvalidOptionError } from "../errors.ts";
import type { WorkerStatus } from "../worker/status.ts";

export interface MetricsServerOptions {
  /** 0 for any that is free. */
  port: number;
  hostname: string;
  registry: Registry;
  status(): WorkerStatus;
}

/** A worker that has asked for no jobs for so many milliseconds is not healthy; it asks a few times in each lease. */
const longestSilence = 60_000;

/**
 * Serves `/metrics` for Prometheus, `/healthz` (whether the worker asks for jobs) and `/readyz` (whether it may take some).
 * @throws InvalidOptionError if the port is taken.
 */
export function serveMetrics({
  port,
  hostname,
  registry,
  status,
}: MetricsServerOptions): Bun.Server<undefined> {
  try {
    return Bun.serve({
      port,
      hostname,
      routes: {
        "/metrics": async () =>
          new Response(await registry.metrics(), { headers: { "Content-Type": registry.contentType } }),
        "/healthz": () => answer(illness(status())),
        "/readyz": () => answer(hindrance(status())),
      },
      fetch: () => new Response("There are /metrics, /healthz and /readyz.\n", { status: 404 }),
    });
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    const problem = isTaken
      ? `metricsPort: something listens on ${hostname}:${port} already`
      : `metricsHost: ${hostname}:${port} cannot be listened on: ${(error as Error).message}`;
    throw new InvalidOptionError(problem, { cause: error });
  }
}

function answer(problem: string | null): Response {
  return new Response(`${problem ?? "ok"}\n`, { status: problem === null ? 200 : 503 });
}

function illness({ startedAt, claimedAt }: WorkerStatus): string | null {
  const silence = Date.now() - (claimedAt ?? startedAt);
  return silence > longestSilence ? `no jobs were asked for since ${formatDuration(silence)}` : null;
}

function hindrance(status: WorkerStatus): string | null {
  if (status.isStopping) return "it is stopping";
  if (!status.hasLease) return "it holds no lease: the storage cannot be reached";
  return status.claimedAt === null ? "it has not asked for jobs yet" : illness(status);
}
