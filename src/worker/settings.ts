import type { Storage } from "../storage/storage.ts";
import type { PoolOptions } from "./pool.ts";
import type { Described } from "./protocol.ts";

export interface WorkerSettings
  extends Omit<PoolOptions, "worker" | "facts" | "began" | "settle" | "changed" | "noted"> {
  storage: Storage;
  /** The queues to serve in turn, `null` for every queue there is. */
  queues: readonly string[] | null;
  /** Milliseconds for which a heartbeat keeps the worker's jobs its own. */
  lease: number;
  /** Whether to stop when nothing is due or running. */
  drain: boolean;
  /** What the project is called whose tasks it runs. */
  project: string;
  /** Finds out what schedules the definitions of the tasks carry. Does not throw. */
  describe(signal: AbortSignal): Promise<Described>;
}
