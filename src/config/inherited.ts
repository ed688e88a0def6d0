/**
 * The variable by which a worker tells a process which storage its jobs are to enqueue into: one of its own, as Bun hands
 * the variables that a program began with to all that it starts, and other programs have other storages.
 */
export const storageVariable = "NUVOM_WORKER_STORAGE";

const key = Symbol.for("nuvom.storage");
const holder = globalThis as { [key]?: string | undefined };

/** To be called by a worker's process, and by nothing else that has inherited the variable. */
export function inheritStorage(): void {
  holder[key] = process.env[storageVariable];
}

/** Which storage the worker has told this process, if it is one. */
export function workersStorage(): string | undefined {
  return holder[key];
}
