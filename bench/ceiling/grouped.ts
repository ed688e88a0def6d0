import type { Payload } from "../contestant.ts";

/** Adds together what is enqueued in one turn of the event loop: one commit, or one script. */
export function grouped(
  add: (payloads: readonly Payload[]) => unknown,
): (payload: Payload) => Promise<unknown> {
  const waiting: Payload[] = [];
  let added: Promise<unknown> | null = null;
  return (payload) => {
    waiting.push(payload);
    added ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      added = null;
      return add(waiting.splice(0));
    });
    return added;
  };
}
