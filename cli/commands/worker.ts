import { formatDuration } from "../../src/duration.ts";
import { type RunningWorker, startWorker } from "../../src/index.ts";
import {
  command,
  configFlags,
  configurable,
  configured,
  given,
  rootFlag,
  rootOf,
  storageName,
  UsageError,
} from "../command.ts";
import { eventLog } from "../log.ts";
import { problemLines } from "../output.ts";
import { reapIfFirst } from "../reap.ts";
import { onFirstSignal } from "../signals.ts";

const untilTheyEnd = "24d";

export default command({
  summary: "run jobs",
  usage: "",
  arguments: [0, 0],
  flags: {
    drain: { type: "boolean", help: "exit when nothing is due or running" },
    log: {
      type: "string",
      value: "FORMAT",
      help: "text for people, or json: an object a line (default: text)",
    },
    quiet: { type: "boolean", help: "print only what went wrong" },
    ...rootFlag,
    ...configFlags(configurable),
  },
  examples: [
    "nuvom worker",
    "nuvom worker --queue mail --queue default --processes 4",
    "nuvom worker --drain",
  ],
  async run(_, flags) {
    const root = rootOf(flags);
    const { grace } = configured(flags, root).values;
    const { log: format = "text" } = flags;
    if (format !== "text" && format !== "json")
      throw new UsageError(`--log is text or json, not "${format}"`);
    const log = eventLog({ format, quiet: flags.quiet ?? false, storage: storageName(flags) });
    const tell = format === "json" ? (text: string) => log({ type: "warning", text }) : console.error;
    let unrecorded = 0;
    let worker: RunningWorker | undefined;
    let isAsked = false;
    onFirstSignal((signal) => {
      isAsked = true;
      tell(`${signal}: stopping; running jobs have ${formatDuration(grace)} to end. Once more to exit now.`);
      void worker?.stop({ grace });
    });
    // Whoever has started it by a channel, as nuvom dev does, ends it by closing that, or by dying.
    let isLetGo = false;
    process.on("disconnect", () => {
      isLetGo = true;
      void worker?.stop({ grace: untilTheyEnd });
    });
    reapIfFirst();
    worker = await startWorker({
      ...given(flags),
      root,
      drain: flags.drain ?? false,
      onEvent(event) {
        log(event);
        if (event.type === "stopped") unrecorded = event.unrecorded;
      },
    });
    for (const line of problemLines(worker.discovery.problems)) tell(line);
    if (worker.discovery.tasks.length === 0) tell(`no tasks in ${root}; nuvom init adds a first one`);
    if (isLetGo) void worker.stop({ grace: untilTheyEnd });
    if (isAsked) void worker.stop({ grace });
    await worker.stopped;
    return unrecorded > 0 ? 1 : 0;
  },
});
