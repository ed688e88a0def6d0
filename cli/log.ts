import { formatDuration } from "../src/duration.ts";
import type { WorkerEvent } from "../src/index.ts";
import { type Colour, paint, plural, printable } from "./output.ts";

/** Above this many a second, jobs that succeed are counted instead of printed one by one. */
const printedPerSecond = 20;

/** In milliseconds, while the storage goes on to fail in the same way. */
const showFailureEvery = 10_000;

/** Prints a worker's events for people, one line each. */
export function eventLog({
  quiet,
  storage,
}: {
  quiet: boolean;
  storage: string;
}): (event: WorkerEvent) => void {
  let succeeded = 0;
  let timer: Timer | undefined;
  /** What was said of jobs that this worker cannot run; they come again and again. */
  const unfit = new Set<string>();
  let failure = { message: "", shownAt: 0 };

  function line(colour: Colour, word: string, text: string) {
    const time = new Date().toTimeString().slice(0, 8);
    console.log(`${paint("dim", time)} ${paint(colour, word.padEnd(9))} ${printable(text)}`);
  }

  function endSecond() {
    if (succeeded > printedPerSecond)
      line("green", "succeeded", `and ${succeeded - printedPerSecond} more jobs`);
    succeeded = 0;
    timer = undefined;
  }

  return (event) => {
    switch (event.type) {
      case "succeeded":
        if (quiet) return;
        timer ??= setTimeout(endSecond, 1_000);
        if (++succeeded > printedPerSecond) return;
        return line("green", "succeeded", `${event.task} ${event.id} in ${formatDuration(event.duration)}`);
      case "retry":
      case "failed": {
        const { task, id, attempt, error } = event;
        const colour = event.type === "failed" ? "red" : "yellow";
        return line(colour, event.type, `${task} ${id} attempt ${attempt}: ${error.name}: ${error.message}`);
      }
      case "cancelled":
        return line(
          "yellow",
          "cancelled",
          `${event.task} ${event.id}${event.reason ? `: ${event.reason}` : ""}`,
        );
      case "unfit": {
        const known = `${event.task}: ${event.reason}`;
        if (unfit.has(known)) return;
        unfit.add(known);
        return line("yellow", "waits", `${event.task} ${event.id}, and others of its kind: ${event.reason}`);
      }
      case "refused":
        return line("yellow", "refused", `${event.id} is no longer this worker's job`);
      case "recovered":
        return line("yellow", "recovered", `${plural(event.ids.length, "job")} of a worker that died`);
      case "fired":
        if (!quiet)
          line("green", "scheduled", `${event.schedule} for ${new Date(event.occurrence).toISOString()}`);
        return;
      case "missed":
        return line("yellow", "missed", `${plural(event.occurrences, "occurrence")} of ${event.schedule}`);
      case "schedules-changed":
        for (const kind of ["added", "changed", "removed"] as const) {
          for (const schedule of event[kind]) line("bold", "schedule", `${schedule} was ${kind}`);
        }
        return;
      case "schedule-unknown":
        return line(
          "red",
          "schedule",
          `of task ${event.task} cannot be told, so that what is stored stays: ${event.reason}`,
        );
      case "log":
        return line("cyan", "log", `${event.task} ${event.id} ${event.text}`);
      case "output":
        return line("cyan", "log", `process ${event.pid} ${event.text}`);
      case "hook-failed":
        return line("red", "hook", `${event.hook} of ${event.task} ${event.id}: ${event.reason}`);
      case "process-died": {
        const { pid, how, killed, jobs } = event;
        const what = killed ? "was ended by its worker" : `died: ${how}`;
        return line(killed ? "yellow" : "red", "process", `${pid} ${what}; it had ${plural(jobs, "job")}`);
      }
      case "process-failed":
        return line("red", "process", `cannot be started: ${messageOf(event.error)}`);
      case "storage-error": {
        const message = messageOf(event.error);
        const now = performance.now();
        if (message === failure.message && now < failure.shownAt + showFailureEvery) return;
        failure = { message, shownAt: now };
        return line("red", "storage", `${message.replace(/^storage /, "")}; trying again`);
      }
      case "storage-back":
        failure = { message: "", shownAt: 0 };
        return line("green", "storage", `works again, after ${formatDuration(event.after)}`);
      case "warning":
        return line("yellow", "warning", event.text);
      case "lease-lost":
        return line(
          "red",
          "lease",
          "lost: for too long the storage was away, or this worker was busy; its jobs were stopped and will run again",
        );
      case "started":
        if (!quiet)
          line(
            "bold",
            "started",
            `worker ${event.worker}: ${plural(event.tasks, "task")} in ${event.processes === 1 ? "1 process" : `${event.processes} processes`}, storage ${storage}`,
          );
        return;
      case "stopped":
        if (timer) {
          clearTimeout(timer);
          endSecond();
        }
        if (event.unrecorded > 0) {
          return line(
            "red",
            "stopped",
            `the storage could not be reached to record what became of ${plural(event.unrecorded, "job")}, which will run again`,
          );
        }
        if (!quiet) line("bold", "stopped", "everything is recorded");
        return;
      case "process-started":
      case "stopping":
    }
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
