/** What client and server agree on. */
import type { Storage } from "nuvom";

/** What is called over the network: all but the two methods that each handle must have for itself. */
export type Method = Exclude<keyof Storage, "onWake" | "close">;

/**
 * Whether a call may be made again after its answer was lost. Not where a second one would take more jobs, or answer
 * something else than the first.
 */
export const mayRepeat: Record<Method, boolean> = {
  insert: false, // An id is added once, but that of a job that is not kept may be gone when the call comes again.
  claim: false,
  claimParked: false,
  settle: false,
  note: true,
  heartbeat: true,
  recover: true,
  schedules: true,
  nextSchedules: true,
  changeSchedules: false,
  nextRunAt: true,
  get: true,
  states: true,
  list: true,
  counts: true,
  queues: true,
  workers: true,
  cancel: false,
  retry: false,
  pause: true,
  prune: true,
  trim: true,
  check: true,
};

export type Answer = { value?: unknown } | { error: { code: string; message: string } };

/** JSON, in which bytes are `{ "base64": "…" }`. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    return part instanceof Uint8Array ? { base64: part.toBase64() } : part;
  });
}

export function decode<T>(text: string): T {
  return JSON.parse(text, (_, part) => {
    return typeof part?.base64 === "string" ? Uint8Array.fromBase64(part.base64) : part;
  });
}
