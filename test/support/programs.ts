import { join } from "node:path";
import type { Subprocess } from "bun";
import { runHere, type Said } from "./run-here.ts";
import { fixtures } from "./worker.ts";

const main = join(import.meta.dir, "../../cli/main.ts");

/** Bun itself colours errors; whoever runs the tests may have asked for that. */
const uncoloured = { NO_COLOR: "1", FORCE_COLOR: "0", COLUMNS: "80" };

interface ProgramOptions {
  cwd?: string;
  env?: Record<string, string>;
  stdin?: string;
}

/** They run or import tasks, or go on until a signal. */
const executing = ["worker", "dev", "bench", "enqueue", "schedules add", "tasks --check --import"];

/** Runs `nuvom …` to its end in a folder and returns what it said: in a program of its own where that can matter. */
export function nuvom(args: string[], options: ProgramOptions = {}): Promise<Said> {
  const { cwd = fixtures, env = {}, stdin } = options;
  const call = `${args.join(" ")} `;
  const isExecuting = executing.some((name) => call.startsWith(`${name} `)) && !args.includes("--help");
  if (stdin !== undefined || isExecuting) return startNuvom(args, options).ended;
  return runHere(args, cwd, { ...uncoloured, NUVOM_STORAGE: "", ...env });
}

/** Starts `nuvom …` in a folder; `output` and `errors` are what it has printed so far. */
export function startNuvom(args: string[], options: ProgramOptions = {}) {
  const { cwd = fixtures, env = {}, stdin = "" } = options;
  const program = Bun.spawn([process.execPath, main, ...args], {
    cwd,
    env: { ...process.env, ...uncoloured, NUVOM_STORAGE: "", ...env },
    stdin: new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = [collect(program.stdout), collect(program.stderr)];
  const ended = Promise.all([program.exited, output.ended, errors.ended]);
  return {
    program,
    output,
    errors,
    ended: ended.then(([exitCode]) => ({ stdout: output.text, stderr: errors.text, exitCode })),
  };
}

/** Starts `nuvom worker` on the fixtures; it is killed with the test's scope at the latest. */
export function startWorkerProgram(storage: string, args: string[] = []) {
  const program: Subprocess<"ignore", "pipe", "pipe"> = Bun.spawn(
    [process.execPath, main, "worker", "--root", fixtures, "--storage", storage, ...args],
    { env: { ...process.env, ...uncoloured }, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const output = program.stdout.text();
  const errors = collect(program.stderr);
  return {
    program,
    /** What it has printed on stderr so far. */
    errors: () => errors.text,
    /** Asks it to stop, and returns what it printed once it has. */
    async stop() {
      program.kill("SIGTERM");
      return { exitCode: await program.exited, output: await output };
    },
    [Symbol.asyncDispose]: async () => {
      program.kill("SIGKILL");
      await program.exited;
    },
  };
}

/** Starts a program of the tests' own. */
export function startProgram(file: string, args: string[]): Subprocess {
  return Bun.spawn([process.execPath, file, ...args], { stdio: ["ignore", "inherit", "inherit"] });
}

/** Reads a stream as it comes. */
export function collect(stream: ReadableStream<Uint8Array>) {
  const collected = { text: "", ended: Promise.resolve() };
  const decoder = new TextDecoder();
  collected.ended = (async () => {
    for await (const chunk of stream) collected.text += decoder.decode(chunk, { stream: true });
  })();
  return collected;
}
