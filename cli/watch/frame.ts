import { jobErrors, jobNotes } from "../../src/handle.ts";
import { type JobState, jobStates } from "../../src/job.ts";
import { errorText, paint, printable, progressText, relative } from "../output.ts";
import { type Column, cut, table } from "../table.ts";
import { countOf, type Look, mostListed } from "./look.ts";
import { ratesText } from "./rates.ts";

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

const text = (header: string): Column => ({ header, cut: "end" });

/** The lines of a terminal of this size: as many as it has rows, and none longer than it has columns. */
export function frame({ storage, looks, problem }: View, { columns, rows }: Size, now: number): string[] {
  const look = looks.at(-1)!;
  const clock = (time: number) => new Date(time).toLocaleTimeString("sv");
  const title = `${clock(now)}  ${printable(storage)}  (q ends this)`;
  const lost = `no answer since ${clock(look.at)} (${relative(look.at, now)}): ${problem}`;
  const state = problem === null ? activity(looks, now) : paint("red", printable(lost));
  const top = [paint("dim", title), ...Bun.wrapAnsi(state, columns, { hard: true }).split("\n")];
  const body = tables(look, now, { columns, rows: rows - top.length });
  const old = (line: string) => paint("dim", Bun.stripANSI(line));
  const lines = [...top, ...(problem === null ? body : body.map(old))];
  const fit = (line = "") => cut(line.replaceAll(/[\t\n]/g, " "), columns);
  return Array.from({ length: rows }, (_, row) => fit(lines[row]));
}

/** What happens, and what does not. */
function activity(looks: readonly Look[], now: number): string {
  const { queues, workers } = looks.at(-1)!;
  const rates = ratesText(looks);
  if (workers.some(({ leaseUntil }) => leaseUntil > now)) return rates;
  const isMissed = countOf(queues, "pending") > 0;
  return `${rates}  ${paint(isMissed ? "yellow" : "dim", "no worker is running")}`;
}

function tables(look: Look, now: number, { columns, rows }: Size): string[] {
  const sections = [
    queuesOf(look, now, rows),
    workersOf(look, now),
    runningOf(look, now),
    failedOf(look, now),
    schedulesOf(look, now),
  ].filter(({ total }) => total > 0);
  // Each has a header, with an empty line above.
  const room = roomOf(sections, rows - 2 * sections.length);
  return sections.flatMap((section) => ["", ...linesOf(section, room, columns)]);
}

/** How many lines each may have at most, so that all together have no more than that. */
function roomOf(sections: readonly Section[], lines: number): number {
  let room = Math.max(1, lines);
  const taken = () => sections.reduce((sum, { total }) => sum + Math.min(total, room), 0);
  while (room > 1 && taken() > lines) room--;
  return room;
}

function linesOf({ columns, rows, total }: Section, room: number, width: number): string[] {
  const shown = rows.slice(0, total > room ? room - 1 : room);
  const more = total - shown.length;
  const rest = Number.isFinite(more) ? `and ${more.toLocaleString("en")} more` : "and more";
  return [...table(columns, shown, width).split("\n"), ...(more > 0 ? [paint("dim", rest)] : [])];
}

/** By name, with the time of the job that is due first; if not all fit, those that have the most to do. */
function queuesOf({ queues }: Look, now: number, most: number): Section {
  const toDo = ({ pending, running }: Record<JobState, number>) => pending + running;
  const inOrder = queues.length > most / 2 ? queues.toSorted((a, b) => toDo(b) - toDo(a)) : queues;
  const rows = inOrder
    .slice(0, Math.max(0, most))
    .map((queue) => [
      queue.paused ? `${queue.name} (paused)` : queue.name,
      ...jobStates.map((state) => queue[state].toLocaleString("en")),
      queue.nextRunAt === null ? "" : relative(queue.nextRunAt, now),
    ]);
  const numbers = jobStates.map((state) => ({ header: state.toUpperCase() }));
  return { columns: [text("QUEUE"), ...numbers, { header: "DUE" }], rows, total: queues.length };
}

const stale = "stale, ";

/** But for those that have stopped: they gave back what was left of their lease. */
function workersOf({ workers }: Look, now: number): Section {
  const there = workers.filter(({ seenAt, leaseUntil }) => leaseUntil > seenAt);
  const rows = there.map(({ host, pid, queues, claimedAt, seenAt, leaseUntil }) => [
    `${host}/${pid}`,
    queues.length > 0 ? queues.join(",") : "all",
    claimedAt === null ? "not yet" : relative(claimedAt, now),
    `${leaseUntil <= now ? stale : ""}${relative(seenAt, now)}`,
  ]);
  const seen: Column = { header: "SEEN", colour: (text) => (text.startsWith(stale) ? "red" : "dim") };
  const columns: Column[] = [
    { header: "WORKER", cut: "start" },
    text("QUEUES"),
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
  const columns = [text("RUNNING"), { header: "STARTED" }, text("PROGRESS")];
  return { columns, rows, total: Math.max(rows.length, countOf(queues, "running")) };
}

function failedOf({ failed, queues }: Look, now: number): Section {
  const rows = failed
    .toSorted((a, b) => b.finishedAt! - a.finishedAt!)
    .map((job) => {
      const error = jobErrors(job).at(-1);
      return [job.task, relative(job.finishedAt!, now), error ? errorText(error, 1) : ""];
    });
  const columns = [text("FAILED"), { header: "WHEN" }, text("ERROR")];
  return { columns, rows, total: Math.max(rows.length, countOf(queues, "failed")) };
}

function schedulesOf({ schedules }: Look, now: number): Section {
  const rows = schedules.map(({ id, queue, nextRunAt }) => [id, relative(nextRunAt!, now), queue]);
  const columns = [text("SCHEDULE"), { header: "NEXT" }, text("QUEUE")];
  return { columns, rows, total: rows.length < mostListed ? rows.length : Number.POSITIVE_INFINITY };
}
