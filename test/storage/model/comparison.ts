import { LeaseLostError } from "../../../src/errors.ts";
import type { Job } from "../../../src/job.ts";
import type { Held, Storage } from "../../../src/storage/storage.ts";
import type { Method, Model } from "./model.ts";
import { shown } from "./text.ts";

/** One call of the contract, to be made of a storage and of the model alike. */
export type Call = { [M in Method]: { method: M; asked: Parameters<Storage[M]> } }[Method];

export function call<M extends Method>(method: M, ...asked: Parameters<Storage[M]>): Call {
  return { method, asked } as Call;
}

/** What the call returns, in an order that does not depend on what the contract leaves open; or its refusal. */
export async function answerTo({ method, asked }: Call, target: Storage | Model): Promise<unknown> {
  try {
    const answer = await (target[method] as (...asked: unknown[]) => unknown)(...asked);
    if (method === "claimParked") return (answer as Job[]).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    if (method === "recover") return (answer as string[]).toSorted();
    if (method === "heartbeat") return inOrder(answer as Held);
    return answer;
  } catch (error) {
    return error instanceof LeaseLostError ? "the lease is lost" : `${error}`;
  }
}

function inOrder(held: Held): Held {
  return { ...held, cancel: held.cancel.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** Where two answers differ, one line for each place. */
export function differences(expected: unknown, actual: unknown, place = "answer"): string[] {
  if (Bun.deepEquals(expected, actual, true)) return [];
  const [before, after] = [parts(expected), parts(actual)];
  if (!before || !after || Array.isArray(expected) !== Array.isArray(actual)) {
    return [`${place} should be ${shown(expected)}, is ${shown(actual)}`];
  }
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const found = names.flatMap((name) => differences(before[name], after[name], `${place}.${name}`));
  return found.length > 0 ? found : [`${place} differs in kind: ${Bun.inspect(actual)}`];
}

function parts(value: unknown): Record<string, unknown> | null {
  const hasParts = typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
  return hasParts ? (value as Record<string, unknown>) : null;
}
