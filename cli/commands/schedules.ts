import { decode } from "../../src/codec.ts";
import { formatDuration } from "../../src/duration.ts";
import {
  type DecodedSchedule,
  InvalidOptionError,
  type Nuvom,
  ScheduleNotFoundError,
} from "../../src/index.ts";
import { upcoming } from "../../src/schedule.ts";
import type { RecurringWhen } from "../../src/when.ts";
import {
  command,
  count,
  duration,
  jsonFlag,
  rootFlag,
  rootOf,
  storageFlag,
  time,
  UsageError,
  type Values,
  withClient,
} from "../command.ts";
import { explain } from "../explain.ts";
import { occurrenceTable, ruleText } from "../occurrences.ts";
import { paint, plain, printable, printJson, relative } from "../output.ts";
import { type Column, table } from "../table.ts";
import { findTask, parsedInput, taskNames } from "../tasks.ts";

const ruleFlags = {
  every: { type: "string", value: "DURATION", help: "add, change: the interval, such as 10s, 5m or 1d" },
  cron: { type: "string", value: "FIELDS", help: 'add, change: such as "0 9 * * MON-FRI" or @daily' },
  tz: { type: "string", value: "ZONE", help: "the time zone of the cron expression (default: UTC)" },
  start: { type: "string", value: "TIME", help: "no occurrence before, such as 2038-01-19T03:14:07Z" },
  end: { type: "string", value: "TIME", help: "no occurrence after" },
  limit: { type: "string", value: "N", help: "no more jobs than this" },
  jitter: { type: "string", value: "DURATION", help: "run each job up to this much later, at random" },
  "catch-up": {
    type: "string",
    value: "HOW",
    values: ["one", "all", "none"],
    help: "after missed occurrences: one job (default), all, none",
  },
  overlap: {
    type: "string",
    value: "HOW",
    values: ["allow", "skip", "replace"],
    help: "while the job before is pending or running: allow (default), skip, replace",
  },
} as const;

const flags = {
  ...ruleFlags,
  count: { type: "string", value: "N", help: "explain: how many occurrences (default: 10)" },
  id: { type: "string", value: "ID", help: "add: its name (default: from the task and its input)" },
  ...rootFlag,
  ...storageFlag,
  ...jsonFlag,
} as const;

type Given = Values<typeof flags>;
type Action = (nuvom: Nuvom, values: string[], flags: Given) => Promise<number>;

/** What each action does; they return the exit code. */
const actions: Record<string, Action> = {
  list: async (nuvom, _, { json }) => list(await nuvom.schedules(), json ?? false),
  show: (nuvom, [id], { json }) => show(nuvom, id!, json ?? false),
  async add(nuvom, [name, json], flags) {
    const root = rootOf(flags);
    const when = { ...ruleOf(flags), ...(flags.id !== undefined && { id: flags.id }) };
    const task = await findTask(name!, root);
    const { id } = await nuvom.schedule(task, (await parsedInput(json)) as never, when);
    return show(nuvom, id, flags.json ?? false);
  },
  async change(nuvom, [id], flags) {
    await nuvom.getSchedule(id!).change(ruleOf(flags));
    return show(nuvom, id!, flags.json ?? false);
  },
  pause: forEach((nuvom, id) => nuvom.getSchedule(id).pause(), "paused"),
  resume: forEach((nuvom, id) => nuvom.getSchedule(id).resume(), "resumed"),
  run: forEach(async (nuvom, id) => `job ${(await nuvom.getSchedule(id).runNow()).id}`, "runs"),
  remove: forEach(async (nuvom, id) => {
    const { project } = (await nuvom.getSchedule(id).get()).definition;
    if (!(await nuvom.getSchedule(id).remove())) throw new ScheduleNotFoundError(id);
    if (project !== null) return `until a worker of ${project} starts: its sources define it`;
  }, "removed"),
};

/** How many arguments an action takes at most; the others take any number of ids. */
const most: Record<string, number> = { list: 0, show: 1, explain: 1, add: 2, change: 1 };

export default command({
  summary: "show, explain, add, change, pause, resume, run or remove schedules",
  usage: "[<action> [<id, task or cron> …]]",
  arguments: [0, Number.POSITIVE_INFINITY],
  flags,
  examples: [
    "nuvom schedules",
    `nuvom schedules add report '{"city":"Rome"}' --every 1h --id report:rome`,
    "nuvom schedules show report:rome",
    `nuvom schedules change report:rome --cron "0 9 * * MON-FRI" --tz Europe/Rome`,
    "nuvom schedules pause report:rome",
    `nuvom schedules explain "30 2 * * *" --tz Europe/Rome`,
  ],
  complete(positionals) {
    if (positionals.length === 0) return ["explain", ...Object.keys(actions)];
    return positionals.length === 1 && positionals[0] === "add" ? taskNames() : [];
  },
  async run([name = "list", ...values], flags) {
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action && name !== "explain") {
      const names = [...Object.keys(actions), "explain"].join(", ");
      throw new UsageError(`there is no action "${name}"; there are ${names}`);
    }
    if (name !== "list" && values.length === 0) {
      const wanted = { add: "task", explain: "id or cron" }[name] ?? "id";
      throw new UsageError(`which one? nuvom schedules ${name} <${wanted}>`);
    }
    const tooMany = values[most[name] ?? Number.POSITIVE_INFINITY];
    if (tooMany !== undefined) {
      throw new UsageError(
        `"${tooMany}" is an argument too many for nuvom schedules ${name}\nSee nuvom schedules --help`,
      );
    }
    const unused = unusedFlag(name, flags);
    if (unused) {
      throw new UsageError(`--${unused} is not for nuvom schedules ${name}\nSee nuvom schedules --help`);
    }
    // An expression needs no storage.
    if (!action) return explain(values[0]!, flags);
    const mayCreate = name === "add";
    return withClient(flags, (nuvom) => action(nuvom, values, flags), { mayCreate });
  },
});

/** The first flag that the action would leave aside, although whoever gave it counts on it. */
function unusedFlag(action: string, given: Given): string | undefined {
  const rule = Object.keys(ruleFlags);
  const used: Record<string, string[]> = { add: [...rule, "id"], change: rule, explain: ["tz", "count"] };
  return [...rule, "id", "count"].find((flag) => flag in given && !used[action]?.includes(flag));
}

/** One that is not there is told of, and the others are done all the same. */
function forEach(work: (nuvom: Nuvom, id: string) => Promise<unknown>, done: string): Action {
  return async (nuvom, ids, { json }) => {
    const answers = [];
    for (const id of ids) {
      try {
        const result = await work(nuvom, id);
        const detail = typeof result === "string" ? result : undefined;
        answers.push({ id, done, ...(detail && { detail }) });
        if (!json) console.log(printable([id, done, detail].filter(Boolean).join(" ")));
      } catch (error) {
        if (!(error instanceof ScheduleNotFoundError)) throw error;
        console.error(printable(`nuvom: ${error.message}`));
      }
    }
    if (json) printJson(answers);
    return answers.length === ids.length ? 0 : 1;
  };
}

function ruleOf(flags: Given): RecurringWhen {
  if ((flags.every === undefined) === (flags.cron === undefined)) {
    throw new InvalidOptionError('say when: either --every 5m or --cron "0 9 * * MON-FRI"');
  }
  // What the words may be is checked with the rest of the rule.
  return {
    ...(flags.every !== undefined && { every: duration(flags.every, "every") }),
    ...(flags.cron !== undefined && { cron: flags.cron }),
    ...(flags.tz !== undefined && { tz: flags.tz }),
    ...(flags.start !== undefined && { startAt: time(flags.start, "start") }),
    ...(flags.end !== undefined && { endAt: time(flags.end, "end") }),
    ...(flags.limit !== undefined && { limit: count(flags.limit, "limit") }),
    ...(flags.jitter !== undefined && { jitter: duration(flags.jitter, "jitter") }),
    ...(flags["catch-up"] !== undefined && { catchUp: flags["catch-up"] }),
    ...(flags.overlap !== undefined && { overlap: flags.overlap }),
  } as RecurringWhen;
}

function list(schedules: DecodedSchedule[], json: boolean): number {
  if (json) printJson(schedules.map(asJson));
  else if (schedules.length === 0) console.log("no schedules; nuvom schedules add adds one");
  else console.log(listed(schedules, Date.now()));
  return 0;
}

function listed(schedules: DecodedSchedule[], now: number): string {
  const rows = schedules.map((schedule) => [
    schedule.id,
    schedule.definition.template.task,
    ruleText(schedule.definition.recurrence.rule),
    nextText(schedule, now),
    String(schedule.definition.made),
  ]);
  return table(columns, rows);
}

const columns: Column[] = [
  { header: "SCHEDULE", cut: "end" },
  { header: "TASK", cut: "end" },
  { header: "WHEN", cut: "end" },
  { header: "NEXT" },
  { header: "JOBS" },
];

async function show(nuvom: Nuvom, id: string, json: boolean): Promise<number> {
  const schedule = await nuvom.getSchedule(id).get();
  if (json) printJson(asJson(schedule));
  else print(schedule);
  return 0;
}

function print(schedule: DecodedSchedule): void {
  const { id, definition, queue, paused } = schedule;
  const { recurrence, template, project, made, lastJob } = definition;
  const time = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  const lines: [string, string | null][] = [
    ["id", id],
    ["task", template.task],
    ["when", ruleText(recurrence.rule)],
    ["from", time(recurrence.startAt)],
    ["until", time(recurrence.endAt)],
    ["limit", recurrence.limit === null ? null : `${recurrence.limit} in all`],
    ["jitter", recurrence.jitter === 0 ? null : `up to ${formatDuration(recurrence.jitter)}`],
    ["catch-up", recurrence.catchUp],
    ["overlap", recurrence.overlap],
    ["queue", queue],
    ["defined", project === null ? "by a call" : `in the sources of ${project}`],
    ["state", paused ? "paused" : schedule.nextRunAt === null ? "ended" : "active"],
    ["jobs", `${made}${lastJob ? `, the last is ${lastJob}` : ""}`],
  ];
  for (const [label, text] of lines) {
    if (text !== null) console.log(`${paint("dim", label.padEnd(9))} ${printable(text)}`);
  }
  const times = upcoming(definition, schedule.nextRunAt, 5);
  if (times.length > 0) console.log(`\n${occurrenceTable(times, recurrence.rule, Date.now())}`);
}

/** Times are ISO text there. */
function asJson({ definition, nextRunAt, ...schedule }: DecodedSchedule) {
  const { recurrence, template, createdAt, lastOccurrence, ...rest } = definition;
  const date = (at: number | null) => (at === null ? null : new Date(at));
  const { anchor, startAt, endAt } = recurrence;
  return plain({
    ...schedule,
    ...rest,
    ...template,
    input: decode(template.input),
    recurrence: { ...recurrence, anchor: date(anchor), startAt: date(startAt), endAt: date(endAt) },
    createdAt: date(createdAt),
    lastOccurrence: date(lastOccurrence),
    nextRunAt: date(nextRunAt),
    next: upcoming(definition, nextRunAt, 5).map(date),
  });
}

function nextText({ paused, nextRunAt }: DecodedSchedule, now: number): string {
  if (paused) return "paused";
  return nextRunAt === null ? "ended" : relative(nextRunAt, now);
}
