import { existsSync } from "node:fs";
import { engines } from "../../package.json";
import type { Configured } from "../../src/config/configure.ts";
import { discover } from "../../src/discovery/discover.ts";
import { formatDuration } from "../../src/duration.ts";
import { Nuvom } from "../../src/index.ts";
import { projectRoot } from "../../src/project.ts";
import { sqliteFile } from "../../src/storage/open.ts";
import { command, configured, jsonFlag, rootFlag, rootOf, storageFlag, storageName } from "../command.ts";
import { type Colour, paint, plural, printable, printJson, problemLines, relative } from "../output.ts";
import { brokenTasks } from "../try-out.ts";
import { undefinedTaskLine, undefinedTasks } from "../waiting.ts";

interface Finding {
  verdict: Verdict;
  text: string;
}

/** What is `wrong` makes the command exit with 1. */
type Verdict = "good" | "doubtful" | "wrong";

const colours: Record<Verdict, Colour> = { good: "green", doubtful: "yellow", wrong: "red" };

export default command({
  summary: "look for what is wrong, from Bun to the workers",
  usage: "",
  arguments: [0, 0],
  flags: { ...rootFlag, ...storageFlag, ...jsonFlag },
  examples: ["nuvom doctor", "nuvom doctor --storage redis://localhost"],
  async run(_, flags) {
    const findings: Finding[] = [];
    for await (const finding of examine(flags, rootOf(flags))) {
      findings.push(finding);
      const { verdict, text } = finding;
      if (!flags.json) console.log(`${paint(colours[verdict], verdict.padEnd(9))} ${printable(text)}`);
    }
    if (flags.json) printJson(findings);
    return findings.some(({ verdict }) => verdict === "wrong") ? 1 : 0;
  },
});

async function* examine(flags: object, root: string): AsyncGenerator<Finding> {
  const found = (verdict: Verdict, text: string): Finding => ({ verdict, text });
  const isSupported = Bun.semver.satisfies(Bun.version, engines.bun);
  yield isSupported
    ? found("good", `Bun ${Bun.version}`)
    : found("wrong", `this is Bun ${Bun.version}, and Nuvom needs ${engines.bun}: run bun upgrade`);

  let configuration: Configured | null = null;
  try {
    configuration = configured(flags, root);
    yield found("good", "the configuration is right; nuvom config shows it");
    for (const warning of configuration.warnings) yield found("doubtful", warning);
  } catch (error) {
    yield found("wrong", (error as Error).message);
  }

  const area = configuration?.values ?? {};
  const { tasks, problems } = discover(root, area);
  yield found(tasks.length > 0 ? "good" : "doubtful", `${plural(tasks.length, "task")} in ${root}`);
  for (const line of problemLines(problems)) yield found("wrong", line);
  for (const line of await brokenTasks(root, area)) yield found("wrong", line);

  if (configuration === null) return;
  const { storage } = configuration.values;
  const file = typeof storage === "string" ? sqliteFile(storage, projectRoot(root)) : null;
  if (file !== null && !existsSync(file)) {
    return yield found("doubtful", `there is no ${file} yet: the first job, or the first worker, makes it`);
  }
  try {
    await using nuvom = new Nuvom({ storage, root });
    yield* examineStorage(nuvom, storageName(flags), found);
    yield* examineWorkers(nuvom, found);
    yield* examineWaiting(
      nuvom,
      configuration,
      tasks.map(({ name }) => name),
      found,
    );
  } catch (error) {
    yield found("wrong", (error as Error).message);
  }
}

type Found = (verdict: Verdict, text: string) => Finding;

async function* examineStorage({ storage }: Nuvom, name: string, found: Found): AsyncGenerator<Finding> {
  const askedAt = performance.now();
  const { durability, warnings } = await storage.check(Date.now());
  const answered = formatDuration(performance.now() - askedAt);
  yield found("good", `the storage ${name} answers within ${answered}: ${durability}`);
  for (const warning of warnings) yield found("doubtful", warning);
  for (const { name, paused } of await storage.queues()) {
    if (paused) yield found("doubtful", `the queue ${name} is paused`);
  }
}

/** How long a worker may go without a claim before it is strange; it claims a few times a second. */
const longestSilence = 60_000;

async function* examineWorkers({ storage }: Nuvom, found: Found): AsyncGenerator<Finding> {
  const workers = await storage.workers();
  const now = Date.now();
  const alive = workers.filter(({ leaseUntil }) => leaseUntil > now);
  yield alive.length > 0
    ? found("good", `${plural(alive.length, "live worker")}`)
    : found("doubtful", "no worker is running; start one with nuvom worker");
  for (const { id, host, pid, startedAt, seenAt, claimedAt, leaseUntil } of workers) {
    const worker = `worker ${id} (${host}, process ${pid})`;
    const hasStopped = leaseUntil === seenAt;
    if (hasStopped) continue;
    if (leaseUntil <= now) {
      yield found(
        "doubtful",
        `${worker} was last heard of ${relative(seenAt, now)}: it has died, or is cut off`,
      );
    } else if ((claimedAt ?? startedAt) < now - longestSilence) {
      const since =
        claimedAt === null ? "not asked for jobs yet" : `last asked for jobs ${relative(claimedAt, now)}`;
      yield found("wrong", `${worker} lives, but has ${since}: restart it`);
    }
    if (seenAt > now + 1_000) {
      yield found(
        "wrong",
        `the clock of ${worker} is ahead by ${formatDuration(seenAt - now)}: set it by NTP`,
      );
    }
  }
}

async function* examineWaiting(
  nuvom: Nuvom,
  { values }: Configured,
  tasks: readonly string[],
  found: Found,
): AsyncGenerator<Finding> {
  const waiting = await undefinedTasks(nuvom, tasks, values.queues);
  for (const task of waiting) yield found("wrong", undefinedTaskLine(task));
  if (waiting.length === 0) yield found("good", "all jobs that wait are of tasks that the sources define");
}
