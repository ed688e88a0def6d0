/** One thing that can be configured. The table of them makes the variables, the flags, the checks and the documents. */
export interface Option {
  /** What stands for its value in the help; `null` if no text can say it. */
  value: string | null;
  help: string;
  /** What holds where nothing is said, in words. */
  otherwise: string;
  /** Its flag, where it is not that of its name. */
  flag?: string;
  /** Whether it is a list: of a repeated flag, or separated by commas. */
  multiple?: true;
}

export const options = {
  storage: {
    value: "URL",
    help: "where the jobs are: sqlite:PATH, redis://HOST, or memory: for this program alone",
    otherwise: "sqlite:.nuvom/nuvom.db",
  },
  include: {
    value: "PATH",
    help: "where to look for tasks: a folder, file or glob",
    otherwise: "the whole project",
    multiple: true,
  },
  exclude: {
    value: "PATTERN",
    help: "where not to, as .gitignore says it",
    otherwise: "nothing more than .gitignore and .nuvomignore",
    multiple: true,
  },
  processes: { value: "N", help: "how many processes run jobs", otherwise: "one for each core" },
  concurrency: { value: "N", help: "how many jobs a process runs at a time", otherwise: "1" },
  queues: {
    value: "NAME",
    help: "a queue to serve; may be repeated",
    otherwise: "all",
    flag: "queue",
    multiple: true,
  },
  grace: {
    value: "DURATION",
    help: "how long running jobs may go on when it is stopped",
    otherwise: "10s",
  },
  killGrace: {
    value: "DURATION",
    help: "how long a job may go on after its signal was aborted",
    otherwise: "2s",
  },
  lease: {
    value: "DURATION",
    help: "how long a worker that went silent keeps its jobs",
    otherwise: "10s",
  },
  importLimit: { value: "DURATION", help: "how long the import of a file may take", otherwise: "30s" },
  maxMemory: {
    value: "SIZE",
    help: "end a process that uses more memory, such as 512mb",
    otherwise: "no limit",
  },
  "recycle.jobs": { value: "N", help: "replace a process after so many jobs", otherwise: "never" },
  "recycle.age": { value: "DURATION", help: "replace a process after this time", otherwise: "never" },
  "recycle.memory": {
    value: "SIZE",
    help: "replace a process that uses more memory, once its jobs have ended",
    otherwise: "never",
  },
  sizeLimit: { value: "SIZE", help: "the largest input or result", otherwise: "1mb" },
  metricsPort: {
    value: "PORT",
    help: "serve Prometheus metrics and health of the worker on this port",
    otherwise: "not at all",
  },
  metricsHost: { value: "HOST", help: "from where they can be reached", otherwise: "127.0.0.1" },
  keep: { value: null, help: "how long finished jobs are kept", otherwise: "1d, failed 7d, 10000 of each" },
  hooks: { value: null, help: "called for the jobs of every task", otherwise: "none" },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof options;

export const optionNames = Object.keys(options) as OptionName[];

/** Such as `NUVOM_RECYCLE_JOBS`. */
export function variableOf(name: OptionName): string {
  return `NUVOM_${kebab(name).replaceAll("-", "_").toUpperCase()}`;
}

/** Such as `recycle-jobs`. */
export function flagOf(name: OptionName): string {
  const option: Option = options[name];
  return option.flag ?? kebab(name);
}

function kebab(name: string): string {
  return name.replace(/\.|(?=[A-Z])/g, "-").toLowerCase();
}
