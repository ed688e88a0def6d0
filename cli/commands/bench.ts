import { optionNames, variableOf } from "../../src/config/options.ts";
import { NuvomError } from "../../src/index.ts";
import { projectRoot } from "../../src/project.ts";
import type { Measured } from "../bench/measure.ts";
import { type Measurement, runBench, type Started, type Tell } from "../bench/run.ts";
import { thenRemoved, trialBeside } from "../bench/trial.ts";
import {
  command,
  configFlags,
  configured,
  count,
  jsonFlag,
  rootFlag,
  rootOf,
  storageFlag,
  storageName,
} from "../command.ts";
import { paint, printable, printJson } from "../output.ts";
import { onFirstSignal } from "../signals.ts";

const defaultJobs = 20_000;

const titles: Record<Measurement, string> = {
  oneAfterTheOther: "enqueue, one after the other",
  inFlight: "enqueue, 200 calls in flight",
  bulk: "enqueue, 1,000 with each call",
  run: "run jobs that do nothing, results stored",
  start: "from enqueue to start, worker idle",
};

export default command({
  summary: "measure how fast it is on this machine and storage",
  usage: "",
  arguments: [0, 0],
  flags: {
    jobs: {
      type: "string",
      value: "N",
      help: `how many jobs to enqueue and to run; one after the other a twentieth, for an idle worker a hundredth (default: ${defaultJobs})`,
    },
    ...configFlags(["processes"]),
    ...rootFlag,
    ...storageFlag,
    ...jsonFlag,
  },
  examples: ["nuvom bench", "nuvom bench --storage redis://localhost --processes 4"],
  async run(_, flags) {
    const jobs = count(flags.jobs ?? String(defaultJobs), "jobs");
    const root = rootOf(flags);
    const { storage, processes } = configured(flags, root).values;
    const trial = trialBeside(storage, projectRoot(root));
    const name = storageName(flags);
    // The worker is the bench's own: what is set for those of the project is not for it.
    for (const option of optionNames) delete process.env[variableOf(option)];

    const interrupted = interruption(trial.leaves);
    const wrong: string[] = [];
    const line = columnsFor(jobs.toLocaleString("en"));
    const tell: Tell = (name, figure) => {
      const { jobs, problem } = figure;
      const result = "p50" in figure ? delay(figure) : rate(figure);
      if (problem !== null) wrong.push(`${titles[name]}: ${problem}`);
      if (!flags.json) console.log(line(titles[name], jobs.toLocaleString("en"), result));
    };
    const { durability, warnings, figures } = await thenRemoved(trial, async () => {
      const checkup = await trial.check();
      if (!flags.json) {
        console.log(printable(`storage ${name} (${checkup.durability})`));
        for (const warning of checkup.warnings) console.log(paint("yellow", printable(warning)));
        console.log(`a worker with ${processes} process${processes > 1 ? "es" : ""}, Bun ${Bun.version}\n`);
        console.log(paint("bold", line("MEASURED", "JOBS", "RESULT")));
      }
      return { ...checkup, figures: await runBench(trial, { jobs, processes, interrupted, tell }) };
    });
    if (flags.json) {
      printJson({ storage: name, durability, warnings, processes, bun: Bun.version, ...figures });
    }
    for (const text of wrong) console.error(printable(`nuvom: ${text}`));
    return wrong.length > 0 ? 1 : 0;
  },
});

/** Rejects when the user wants it to stop. */
function interruption(leaves: string | null): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  // It may come when nothing is measured.
  promise.catch(() => {});
  onFirstSignal((signal) => {
    const exit = leaves === null ? "" : `; once more to exit now, which leaves ${leaves}`;
    console.error(printable(`${signal}: stopping, and deleting what was made${exit}`));
    reject(new NuvomError("INTERRUPTED", `interrupted by ${signal}`));
  });
  return promise;
}

/** Puts cells into columns row by row, as each is printed when it was measured; `most` is the largest number of jobs. */
function columnsFor(most: string) {
  const longest = (texts: string[]) => Math.max(...texts.map(({ length }) => length));
  const [first, second] = [longest(Object.values(titles)), longest(["JOBS", most])];
  return (what: string, jobs: string, result: string) =>
    `${what.padEnd(first)}  ${jobs.padEnd(second)}  ${result}`;
}

function rate({ perSecond }: Measured): string {
  if (perSecond === null) return "wrong, see below";
  return `${Number(perSecond.toPrecision(3)).toLocaleString("en")} jobs/s`;
}

function delay({ p50, p99 }: Started): string {
  if (p50 === null) return "wrong, see below";
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
}
