import { deserialize, serialize } from "bun:jsc";
import type { FromProcess, ToProcess } from "./protocol.ts";

/**
 * Each message stands in an envelope of its own, since tasks may send messages as well. Jobs are packed into bytes here:
 * of what Bun is given to send, it looks at each property before it packs that itself.
 */
export interface Envelope {
  nuvom: ToProcess | FromProcess | Uint8Array;
}

export function sealed(message: ToProcess | FromProcess): Envelope {
  return { nuvom: message.type === "run" ? serialize(message, { binaryType: "nodebuffer" }) : message };
}

/** `null` if it is something else that was sent. */
export function opened<Message extends ToProcess | FromProcess>(envelope: unknown): Message | null {
  const message = (envelope as Partial<Envelope> | null)?.nuvom;
  if (!(message instanceof Uint8Array)) return (message as Message | undefined) ?? null;
  try {
    return deserialize(message);
  } catch {
    return null;
  }
}
