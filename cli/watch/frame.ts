import { jobErrors, jobNotes } from "../../src/handle.ts";
import { type JobState, jobStates } from "../../src/job.ts";
import { errorText, paint, printable, progressText, relative } from "../output.ts";
import { type Column, cut, table } from "../table.ts";
import { countOf, type Look, mostListed } from "./look.ts";
import { rateText } from "./rates.ts";

export interface View {
  /** The storage, for people. */
  storage: string;
  /** The last ones, at least one; of the latest all is shown, of the others what has changed since. */
  looks: readonly Look[];
  /** Why there is no newer look, `null` if all is well. */
  problem: string | null;
}

export interface Size {
  columns: number;
  rows: number;
}

/** A table of which only some rows may fit. */
interface Section {
  columns: Column[];
  rows: string[][];
  /** How many rows there are in the storage, infinite if that is not known. */
  total: number;
}

/** The lines of a terminal of this size: as many as it has rows, and none longer than it has columns. */
export function frame(view: View, { columns, rows }: Size, now: number): string[] {
  const look = view.looks.at(-1)!;
  const clock = (time: number) => new Date(time).toLocaleTimeString("sv");
  const title = `${clock(now)}  ${printable(view.storage)}  (q ends this)`;
  const lost = `no answer since ${clock(look.at)} (${relative(look.at, now)}): ${view.problem}`;
  const state = view.problem === null ? activity(view.looks, now) : paint("red", printable(lost));
  const top = [paint("dim", title), ...Bun.wrapAnsi(state, columns, { hard: true }).split("\n")];
  const body = sections(look, now, rows - top.length, columns);
  const lines = [
    ...top,
    ...(view.problem === null ? body : body.map((line) => paint("dim", Bun.stripANSI(line)))),
  ];
  return Array.from({ length: rows }, (_, index) =>
    cut((lines[index] ?? "").replaceAll(/[\t\n]/g, " "), columns),
  );
}

/** What happens, and what does not. */
function activity(looks: readonly Look[], now: number): string {
  const { queues, workers } = looks.at(-1)!;
  const [succeeded, failed] = (["succeeded", "failed"] as const).map(
    (state) => `${rateText(looks, state)} ${state}`,
  );
  const idle = workers.every(({ leaseUntil }) => leaseUntil <= now);
  const hint = idle ? paint(countOf(queues, "pending") > 0 ? "yellow" : "dim", "  no worker is running") : "";
  return `${succeeded}  ${failed}${hint}`;
}

function sections(look: Look, now: number, height: number, width: number): string[] {
  const all = [
    queuesOf(look, height),
    workersOf(look, now),
    runningOf(look, now),
    failedOf(look, now),
    schedulesOf(look, now),
  ];
  const there = all.filter(({ total }) => total > 0);
  const wanted = there.map(({ rows, total }) => rows.length + (total > rows.length ? 1 : 0));
  // Each has a header, with an empty line above.
  const room = deal(wanted, Math.max(there.length, height - 2 * there.length));
  return there.flatMap((section, index) => ["", ...linesOf(section, room[index]!, width)]);
}

/** Deals lines out, one at a time, to those that want more. */
function deal(wanted: readonly number[], lines: number): number[] {
  const dealt = wanted.map(() => 0);
  let left = Math.min(
    lines,
    wanted.reduce((sum, want) => sum + want, 0),
  );
  for (let index = 0; left > 0; index = (index + 1) % wanted.length) {
    if (dealt[index]! >= wanted[index]!) continue;
    dealt[index]!++;
    left--;
  }
  return dealt;
}

function linesOf({ columns, rows, total }: Section, room: number, width: number): string[] {
  const shown = rows.slice(0, total > room ? room - 1 : room);
  const more = total - shown.length;
  const rest = Number.isFinite(more) ? `and ${more.toLocaleString("en")} more` : "and more";
  return [...table(columns, shown, width).split("\n"), ...(more > 0 ? [paint("dim", rest)] : [])];
}

/** By name; if not all fit, those first that have the most to do. */
function queuesOf({ queues }: Look, height: number): Section {
  const toDo = ({ pending, running }: Record<JobState, number>) => pending + running;
  const inOrder = queues.length > height / 2 ? [...queues].sort((a, b) => toDo(b) - toDo(a)) : queues;
  const rows = inOrder.map((queue) => [
    queue.paused ? `${queue.name} (paused)` : queue.name,
    ...jobStates.map((state) => queue[state].toLocaleString("en")),
  ]);
  const numbers = jobStates.map((state) => ({ header: state.toUpperCase() }));
  return { columns: [{ header: "QUEUE", cut: "end" }, ...numbers], rows, total: rows.length };
}

const stale = "stale, ";

function workersOf({ workers }: Look, now: number): Section {
  const rows = workers.map(({ host, pid, queues, claimedAt, seenAt, leaseUntil }) => [
    `${host}/${pid}`,
    queues.length > 0 ? queues.join(",") : "all",
    claimedAt === null ? "not yet" : relative(claimedAt, now),
    `${leaseUntil <= now ? stale : ""}${relative(seenAt, now)}`,
  ]);
  const seen: Column = { header: "SEEN", colour: (text) => (text.startsWith(stale) ? "red" : "dim") };
  const columns: Column[] = [
    { header: "WORKER", cut: "start" },
    { header: "QUEUES", cut: "end" },
    { header: "LAST CLAIM" },
    seen,
  ];
  return { columns, rows, total: rows.length };
}

/** Those first that have run the longest. */
function runningOf({ running, queues }: Look, now: number): Section {
  const rows = running
    .toSorted((a, b) => a.startedAt! - b.startedAt!)
    .map((job) => {
      const { progress } = jobNotes(job);
      return [job.task, relative(job.startedAt!, now), progress ? progressText(progress) : ""];
    });
  const columns: Column[] = [
    { header: "RUNNING", cut: "end" },
    { header: "SINCE" },
    { header: "PROGRESS", cut: "end" },
  ];
  return { columns, rows, total: Math.max(rows.length, countOf(queues, "running")) };
}

function failedOf({ failed, queues }: Look, now: number): Section {
  const rows = failed
    .toSorted((a, b) => b.finishedAt! - a.finishedAt!)
    .map((job) => {
      const error = jobErrors(job).at(-1);
      return [job.task, relative(job.finishedAt!, now), error ? errorText(error, 1) : ""];
    });
  const columns: Column[] = [
    { header: "FAILED", cut: "end" },
    { header: "WHEN" },
    { header: "ERROR", cut: "end" },
  ];
  return { columns, rows, total: Math.max(rows.length, countOf(queues, "failed")) };
}

function schedulesOf({ schedules }: Look, now: number): Section {
  const rows = schedules.map(({ id, queue, nextRunAt }) => [id, relative(nextRunAt!, now), queue]);
  const columns: Column[] = [
    { header: "SCHEDULE", cut: "end" },
    { header: "NEXT" },
    { header: "QUEUE", cut: "end" },
  ];
  return { columns, rows, total: rows.length < mostListed ? rows.length : Number.POSITIVE_INFINITY };
}
