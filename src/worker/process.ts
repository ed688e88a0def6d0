import { inheritStorage } from "../config/inherited.ts";
import type { Hooks } from "../hooks.ts";
import { describeThrown } from "../thrown.ts";
import { Executor } from "./executor.ts";
import { ownJournal } from "./journal.ts";
import { dieWithParent } from "./orphan.ts";
import { captureConsole } from "./output.ts";
import { type FromProcess, insideProcess, type ToProcess } from "./protocol.ts";
import { opened, sealed } from "./wire.ts";

/**
 * Makes this program a process of the worker that has started it: runs what the worker sends until it ends it.
 * @param hooks those of every task, where they are not in a file of configuration that the worker names.
 */
export function runProcess(hooks?: Hooks): void {
  inheritStorage();
  // A task may replace it for its own purposes.
  const sendToWorker = process.send!.bind(process);
  const journal = ownJournal();
  const send = (message: FromProcess, callback?: () => void): void => {
    journal?.sending();
    // Where it could not be sent, it has not left: the worker finds what was noted in the journal.
    sendToWorker(sealed(message), undefined, undefined, (error) => error || callback?.());
  };
  const port = {
    sendThen: send,
    /** None when a task has closed the channel: no other job must begin then. */
    get journal() {
      return process.connected ? journal : null;
    },
  };
  const executor = new Executor(port, hooks);

  /** As without a listener: it is printed and the process ends, but its worker learns of what. */
  const endOf = (thrown: unknown): never => {
    console.error(thrown);
    send({ type: "uncaught", error: describeThrown(thrown) });
    process.exit(1);
  };

  Object.assign(globalThis, { [insideProcess]: true });
  captureConsole((text) => executor.print(text));
  process.on("message", (envelope: unknown) => {
    const message = opened<ToProcess>(envelope);
    if (message) executor.receive(message);
  });
  dieWithParent();
  process.on("uncaughtException", endOf);
  process.on("unhandledRejection", endOf);
  // Its worker is gone, and with it whoever could hear of a result.
  process.on("disconnect", () => process.exit());
  // A service manager may signal every process; when to end is the worker's decision.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {});
  send({ type: "ready" });
}
