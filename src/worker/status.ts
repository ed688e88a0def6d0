/** How a worker is. Times are Unix milliseconds. */
export interface WorkerStatus {
  startedAt: number;
  /** When it last asked for jobs and got an answer, or was as full as it can be; `null` before. */
  claimedAt: number | null;
  hasLease: boolean;
  isStopping: boolean;
  processes: ProcessStatus[];
}

export interface ProcessStatus {
  pid: number;
  /** How many jobs it executes. */
  running: number;
  /** In bytes, `null` if that cannot be told. */
  memory: number | null;
}
