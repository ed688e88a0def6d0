import { format } from "node:util";
import { run } from "../../cli/run.ts";

/** What a program has said. */
export interface Said {
  stdout: string;
  stderr: string;
  exitCode: number;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `nuvom …` within this program, which takes a twentieth of the time of one of its own, one call after another. All of
 * the program is as the command finds it meanwhile, its folder and its environment included: nothing for `test.concurrent`.
 */
export function runHere(args: string[], cwd: string, env: Record<string, string>): Promise<Said> {
  const said = last.then(() => runNow(args, cwd, env));
  last = said.catch(() => {});
  return said;
}

async function runNow(args: string[], cwd: string, env: Record<string, string>): Promise<Said> {
  const said = { stdout: "", stderr: "" };
  const { log, info, debug, error, warn } = console;
  const folder = process.cwd();
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  const into =
    (stream: keyof typeof said) =>
    (...values: unknown[]) => {
      said[stream] += `${format(...values)}\n`;
    };
  const [out, err] = [into("stdout"), into("stderr")];
  Object.assign(console, { log: out, info: out, debug: out, error: err, warn: err });
  const restoreTerminal = hideTerminal();
  process.chdir(cwd);
  Object.assign(process.env, env);
  try {
    return { exitCode: await run(args), ...said };
  } finally {
    Object.assign(console, { log, info, debug, error, warn });
    restoreTerminal();
    process.chdir(folder);
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** Whoever runs the tests may do that on a terminal, of any width. */
function hideTerminal(): () => void {
  const hidden = (["isTTY", "columns"] as const).map((name) => {
    const before = Object.getOwnPropertyDescriptor(process.stdout, name);
    Object.defineProperty(process.stdout, name, { value: undefined, configurable: true });
    return () => {
      Reflect.deleteProperty(process.stdout, name);
      if (before) Object.defineProperty(process.stdout, name, before);
    };
  });
  return () => {
    for (const restore of hidden) restore();
  };
}
