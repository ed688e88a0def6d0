import { inheritStorage } from "../config/inherited.ts";
import type { Hooks } from "../hooks.ts";
import { describeThrown } from "../thrown.ts";
import { Executor } from "./executor.ts";
import { dieWithParent } from "./orphan.ts";
import { captureConsole } from "./output.ts";
import { type Envelope, type FromProcess, insideProcess, type ToProcess } from "./protocol.ts";

/**
 * Makes this program a process of the worker that has started it: runs what the worker sends until it ends it.
 * @param hooks those of every task, where they are not in a file of configuration that the worker names.
 */
export function runProcess(hooks?: Hooks): void {
  inheritStorage();
  // A task may replace it for its own purposes.
  const sendToWorker = process.send!.bind(process);
  const executor = new Executor(
    {
      send: (message) => {
        sendToWorker({ nuvom: message } satisfies Envelope<FromProcess>);
      },
      sendThen: (message, callback) => {
        sendToWorker({ nuvom: message } satisfies Envelope<FromProcess>, undefined, undefined, callback);
      },
    },
    hooks,
  );

  /** As without a listener: it is printed and the process ends, but its worker learns of what. */
  const endOf = (thrown: unknown): never => {
    console.error(thrown);
    const message: FromProcess = { type: "uncaught", error: describeThrown(thrown) };
    sendToWorker({ nuvom: message } satisfies Envelope<FromProcess>);
    process.exit(1);
  };

  Object.assign(globalThis, { [insideProcess]: true });
  captureConsole((text) => executor.print(text));
  process.on("message", (message: Partial<Envelope<ToProcess>> | null) => {
    if (message?.nuvom) executor.receive(message.nuvom);
  });
  dieWithParent();
  process.on("uncaughtException", endOf);
  process.on("unhandledRejection", endOf);
  // Its worker is gone, and with it whoever could hear of a result.
  process.on("disconnect", () => process.exit());
  // A service manager may signal every process; when to end is the worker's decision.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {});
  sendToWorker({ nuvom: { type: "ready" } } satisfies Envelope<FromProcess>);
}
