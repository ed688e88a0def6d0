/** Writes docs/reference.md from the code: `bun scripts/reference.ts`. A test compares the two. */
import { join } from "node:path";
import { configurable, everywhere, type Flag } from "../cli/command.ts";
import { commands } from "../cli/commands.ts";
import { flagOf, optionNames, options, variableOf } from "../src/config/options.ts";
import { openStorage } from "../src/index.ts";
import { metrics } from "../src/monitoring/index.ts";

const root = join(import.meta.dir, "..");
const configFlags = configurable.map(flagOf);

/** The interfaces to describe: the title, the file and the name of each. */
const interfaces: [title: string, file: string, name: string][] = [
  ["Options of a task", "task", "TaskOptions"],
  ["Options of `retry`", "retry", "RetryOptions"],
  ["Options of `keep`", "keep", "KeepOptions"],
  ["Options of `enqueue`", "enqueue", "EnqueueOptions"],
  ["When: an interval", "when", "Interval"],
  ["When: cron", "when", "Cron"],
  ["More options of a schedule", "when", "RecurringOptions"],
  ["What a task's function gets as its second argument", "definition", "JobContext"],
  ["A job, as `enqueue` returns it", "handle", "JobHandle"],
  ["A schedule, as `schedule` returns it", "schedule-handle", "ScheduleHandle"],
  ["Hooks", "hooks", "Hooks"],
  ["What a hook gets", "hooks", "HookEvent"],
  ["Options of `startWorker`, besides those of the configuration", "worker/start", "WorkerOptions"],
  ["A worker, as `startWorker` returns it", "worker/start", "RunningWorker"],
];

export async function reference(): Promise<string> {
  const types = await Promise.all(
    interfaces.map(async ([title, file, name]) => {
      return `### ${title}\n\n${membersTable(await source(`src/${file}.ts`), name)}`;
    }),
  );
  const parts = [
    "# Reference",
    'Made from the code by `bun scripts/reference.ts`. Durations are milliseconds or a text such as `"250ms"`, `"10s"`, `"5m"`,\n`"1.5h"`, `"2d"` or `"1w"`; sizes are bytes or a text such as `"512mb"`.',
    "## Configuration",
    "In `nuvom.config.ts`, by a variable of the environment or, with `nuvom worker`, by a flag, in rising order. `nuvom config`\nshows what holds. A list in a variable is separated by commas.",
    configurationTable(),
    "## Commands",
    `Each has \`--help\`, and \`--verbose\`, which prints the stack of an error. Exit codes: 0 done, 1 it failed, 2 wrong usage.`,
    ...Object.entries(commands).map(([name, { summary, usage, flags, examples }]) => {
      const own = Object.entries(flags).filter(([flag]) => !(flag in everywhere));
      const isConfigurable = configFlags.every((flag) => flag in flags);
      const named = own.filter(([flag]) => !isConfigurable || !configFlags.includes(flag));
      const lines = [
        `### nuvom ${name}`,
        `\`nuvom ${name}${usage && ` ${usage}`}\`: ${summary}.`,
        ...(named.length > 0 ? [flagTable(named)] : []),
        ...(isConfigurable ? ["Besides, each option of the configuration that has a flag."] : []),
        `\`\`\`\n${examples.join("\n")}\n\`\`\``,
      ];
      return lines.join("\n\n");
    }),
    "## In code",
    ...types,
    "### Errors",
    errorsTable(await source("src/errors.ts")),
    "## Metrics",
    "What a worker with `metricsPort` serves, and `metrics` of `nuvom/monitoring` has: see [monitoring](monitoring.md). Those\nof storage and queues are the same from each worker; all others are of that worker, since it started.",
    metricsTable(),
  ];
  return `${parts.join("\n\n")}\n`;
}

function source(path: string): Promise<string> {
  return Bun.file(join(root, path)).text();
}

function configurationTable(): string {
  const rows = optionNames.map((name) => {
    const hasText = options[name].value !== null;
    const cells = [name, hasText ? variableOf(name) : null, hasText ? `--${flagOf(name)}` : null];
    return [
      ...cells.map((cell) => (cell === null ? "" : `\`${cell}\``)),
      options[name].help,
      options[name].otherwise,
    ];
  });
  return table(["Option", "Variable", "Flag", "", "Unless given"], rows);
}

function flagTable(flags: [string, Flag][]): string {
  return table(
    ["Flag", ""],
    flags.map(([flag, { value, help }]) => [`\`--${flag}${value ? ` ${value}` : ""}\``, help]),
  );
}

/** Reads an interface as this house writes it: each member has its comment above it, or none. */
function membersTable(code: string, name: string): string {
  const [, head = "", body = ""] =
    new RegExp(`^export interface ${name}\\b([^{]*)\\{\\n([\\s\\S]*?)^\\}`, "m").exec(code) ?? [];
  const inherited = interfaces.filter(([, , other]) => new RegExp(`extends[^{]*\\b${other}\\b`).test(head));
  const more = inherited.map(([title]) => `"${title}"`).join(", ");
  const member = /^ {2}(?:\/\*\*([\s\S]*?)\*\/\n {2})?(?:readonly )?(\w+\??)((?:.|\n(?! {2}[\w/]))*?);$/gm;
  const rows = [...body.matchAll(member)].map(([, comment = "", member = "", type = ""]) => {
    return [
      `\`${member.replace("?", "")}${type.replace(/^: /, ": ").replaceAll(/\s+/g, " ")}\``,
      prose(comment),
    ];
  });
  if (rows.length === 0) throw new Error(`there is no interface ${name}`);
  return table(["", ""], rows) + (more && `\n\nAnd what stands under ${more}.`);
}

function errorsTable(code: string): string {
  const rows = [...code.matchAll(/\/\*\*([^/]*?)\*\/\nexport class (\w+)/g)];
  return table(
    ["", ""],
    rows.map(([, comment, name]) => [`\`${name}\``, prose(comment!)]),
  );
}

interface Metric {
  name: string;
  type: string;
  help: string;
  labelNames: string[];
}

export function allMetrics(): Metric[] {
  const { registry, watch } = metrics({ storage: openStorage("memory:") });
  watch({
    status() {
      throw new Error("nobody asks for values");
    },
  });
  return registry.getMetricsAsArray() as unknown as Metric[];
}

function metricsTable(): string {
  const names = (labels: string[]) => labels.map((label) => `\`${label}\``).join(", ");
  const rows = allMetrics().map(({ name, type, labelNames, help }) => [
    `\`${name}\``,
    type,
    names(labelNames),
    help,
  ]);
  return table(["Metric", "Type", "Labels", ""], rows);
}

function prose(comment: string): string {
  return comment
    .replaceAll(/^\s*\* ?/gm, "")
    .replaceAll(/\{@link (\w+)\}/g, "`$1`")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function table(header: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

if (import.meta.main) await Bun.write(join(root, "docs/reference.md"), await reference());
