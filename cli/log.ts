import { formatDuration } from "../src/duration.ts";
import type { WorkerEvent } from "../src/index.ts";
import { type Colour, paint, plural, printable } from "./output.ts";

export interface LogOptions {
  /** For people, or one JSON object a line. */
  format: "text" | "json";
  /** Only what went wrong. */
  quiet: boolean;
  storage: string;
}

/** What is said of an event. */
interface Line {
  level: "info" | "warn" | "error";
  word: string;
  text: string;
  colour: Colour;
}

/** Prints a worker's events. */
export function eventLog(options: LogOptions): (event: WorkerEvent) => void {
  const { format, quiet, storage } = options;
  return (format === "json" ? jsonLog : textLog)((event) => {
    const line = lineOf(event, storage);
    return line && quiet && line.level === "info" && !isOutput(event) ? null : line;
  });
}

type Describe = (event: WorkerEvent) => Line | null;

/** The names of the fields stay as they are: they are there to be searched for. */
function jsonLog(describe: Describe): (event: WorkerEvent) => void {
  const isRepeated = repeatedFailures();
  return (event) => {
    const line = describe(event);
    if (!line || isRepeated(event, line)) return;
    const { type, text = line.text, ...fields } = { text: undefined, ...event };
    const renamed = Object.entries(fields).map(([name, value]) => [fieldNames[name] ?? name, value]);
    const object = {
      time: new Date().toISOString(),
      level: line.level,
      event: type,
      message: text,
      ...Object.fromEntries(renamed),
    };
    // What some readers take for the end of a line, or a terminal for a command, JSON itself leaves as it is.
    const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
    console.log(JSON.stringify(object, plainValue).replaceAll(/[\x7f-\x9f\u2028\u2029]/g, escaped));
  };
}

const fieldNames: Record<string, string> = {
  id: "job",
  ids: "job_ids",
  runAt: "run_at",
  duration: "duration_ms",
  waited: "waited_ms",
  lag: "lag_ms",
  after: "after_ms",
  retryIn: "retry_in_ms",
};

/** Results may be large and secret. Times are milliseconds only where a name says so. */
function plainValue(name: string, value: unknown): unknown {
  if (name === "result") return undefined;
  if (name === "run_at" || name === "occurrence") return new Date(value as number).toISOString();
  // Readers of JSON differ on a surrogate that stands alone.
  if (typeof value === "string") return value.toWellFormed();
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  return value === Number.POSITIVE_INFINITY ? null : value;
}

/** Above this many a second, jobs that succeed are counted instead of printed one by one. */
const printedPerSecond = 20;

/** In milliseconds, while the storage goes on to fail in the same way. */
const showFailureEvery = 10_000;

/** Whether a failure of the storage was said just now: it is tried again several times a second. */
function repeatedFailures(): (event: WorkerEvent, line: Line) => boolean {
  let failure = { text: "", shownAt: 0 };
  return ({ type }, { text }) => {
    if (type === "storage-back") failure = { text: "", shownAt: 0 };
    if (type !== "storage-error") return false;
    const now = performance.now();
    if (text === failure.text && now < failure.shownAt + showFailureEvery) return true;
    failure = { text, shownAt: now };
    return false;
  };
}

/** One line each, but for what would come again and again. */
function textLog(describe: Describe): (event: WorkerEvent) => void {
  let succeeded = 0;
  let timer: Timer | undefined;
  /** What was said of jobs that this worker cannot run; they come again and again. */
  const unfit = new Set<string>();
  const isRepeated = repeatedFailures();

  function print({ colour, word, text }: Line) {
    const time = new Date().toTimeString().slice(0, 8);
    console.log(`${paint("dim", time)} ${paint(colour, word.padEnd(9))} ${printable(text)}`);
  }

  function endSecond() {
    clearTimeout(timer);
    timer = undefined;
    const more = succeeded - printedPerSecond;
    succeeded = 0;
    if (more > 0) print(info("succeeded", `and ${more} more jobs`));
  }

  return (event) => {
    const line = describe(event);
    if (!line || isRepeated(event, line)) return;
    switch (event.type) {
      case "succeeded":
        timer ??= setTimeout(endSecond, 1_000);
        if (++succeeded > printedPerSecond) return;
        break;
      case "unfit": {
        const known = `${event.task}: ${event.reason}`;
        if (unfit.has(known)) return;
        unfit.add(known);
        break;
      }
      case "schedules-changed":
        for (const text of line.text.split("\n")) print({ ...line, text });
        return;
      case "stopped":
        if (timer) endSecond();
    }
    print(line);
  };
}

function isOutput({ type }: WorkerEvent): boolean {
  return type === "log" || type === "output";
}

const info = (word: string, text: string, colour: Colour = "green"): Line => ({
  level: "info",
  word,
  text,
  colour,
});
const warn = (word: string, text: string): Line => ({ level: "warn", word, text, colour: "yellow" });
const wrong = (word: string, text: string): Line => ({ level: "error", word, text, colour: "red" });

/** `null` if nothing is to be said. */
function lineOf(event: WorkerEvent, storage: string): Line | null {
  switch (event.type) {
    case "succeeded":
      return info("succeeded", `${event.task} ${event.id} in ${formatDuration(event.duration)}`);
    case "retry":
    case "failed": {
      const { task, id, attempt, error } = event;
      const say = event.type === "failed" ? wrong : warn;
      return say(event.type, `${task} ${id} attempt ${attempt}: ${error.name}: ${error.message}`);
    }
    case "cancelled":
      return warn("cancelled", `${event.task} ${event.id}${event.reason ? `: ${event.reason}` : ""}`);
    case "unfit":
      return warn("waits", `${event.task} ${event.id}, and others of its kind: ${event.reason}`);
    case "refused":
      return warn("refused", `${event.id} is no longer this worker's job`);
    case "recovered":
      return warn("recovered", `${plural(event.ids.length, "job")} of a worker that died`);
    case "fired":
      return info("scheduled", `${event.schedule} for ${new Date(event.occurrence).toISOString()}`);
    case "missed":
      return warn("missed", `${plural(event.occurrences, "occurrence")} of ${event.schedule}`);
    case "schedules-changed": {
      const kinds = ["added", "changed", "removed"] as const;
      const texts = kinds.flatMap((kind) => event[kind].map((schedule) => `${schedule} was ${kind}`));
      return { ...info("schedule", texts.join("\n"), "bold"), level: "warn" };
    }
    case "schedule-unknown":
      return wrong(
        "schedule",
        `of task ${event.task} cannot be told, so that what is stored stays: ${event.reason}`,
      );
    case "log":
      return info("log", `${event.task} ${event.id} ${event.text}`, "cyan");
    case "output":
      return info("log", `process ${event.pid} ${event.text}`, "cyan");
    case "hook-failed":
      return wrong("hook", `${event.hook} of ${event.task} ${event.id}: ${event.reason}`);
    case "process-died": {
      const { pid, how, killed, jobs } = event;
      const what = killed ? "was ended by its worker" : `died: ${how}`;
      return (killed ? warn : wrong)("process", `${pid} ${what}; it had ${plural(jobs, "job")}`);
    }
    case "process-failed":
      return wrong("process", `cannot be started: ${messageOf(event.error)}`);
    case "storage-error":
      return wrong("storage", `${messageOf(event.error).replace(/^storage /, "")}; trying again`);
    case "storage-back":
      return { ...info("storage", `works again, after ${formatDuration(event.after)}`), level: "warn" };
    case "warning":
      return warn("warning", event.text);
    case "lease-lost":
      return wrong(
        "lease",
        "lost: for too long the storage was away, or this worker was busy; its jobs were stopped and will run again",
      );
    case "started": {
      const processes = event.processes === 1 ? "1 process" : `${event.processes} processes`;
      const what = `${plural(event.tasks, "task")} in ${processes}`;
      return info("started", `worker ${event.worker}: ${what}, storage ${storage}`, "bold");
    }
    case "listening":
      return info("metrics", `at ${event.url}metrics`, "bold");
    case "stopped":
      if (event.unrecorded === 0) return info("stopped", "everything is recorded", "bold");
      return wrong(
        "stopped",
        `the storage could not be reached to record what became of ${plural(event.unrecorded, "job")}, which will run again`,
      );
    default:
      return null;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
