import type { Described, DescribedTask } from "./protocol.ts";
import type { Spawn, Spawned } from "./spawn.ts";

export interface DescribeOptions {
  root: string;
  environment: Record<string, string>;
  spawn: Spawn;
  files: ReadonlyMap<string, string>;
  /** Whether every source could be read. */
  isComplete: boolean;
  /** The tasks whose definitions may have a schedule. */
  tasks: readonly string[];
  /** Ends it early: what is not known by then stays so. */
  signal: AbortSignal;
}

/** How long one file may take to be imported. */
const patience = 10_000;

/**
 * Has processes of their own import the tasks that may carry a schedule, and returns what they say. A file that ends
 * its process, or takes too long, costs its own tasks only. Does not throw.
 */
export async function describeTasks(options: DescribeOptions): Promise<Described> {
  const described: Described = { tasks: [], failed: [], isComplete: options.isComplete };
  let open = options.tasks;
  while (open.length > 0 && !options.signal.aborted) {
    const { found, problem } = await describeInOneProcess(options, open);
    described.tasks.push(...found.flatMap(({ task }) => task ?? []));
    described.failed.push(...found.flatMap(({ name, reason }) => (reason ? { task: name, reason } : [])));
    const [stuck] = open.slice(found.length);
    if (stuck !== undefined) described.failed.push({ task: stuck, reason: problem });
    open = open.slice(found.length + 1);
  }
  described.failed.push(
    ...open.map((task) => ({ task, reason: "the worker was stopped before it was read" })),
  );
  return described;
}

interface Answer {
  name: string;
  /** `null` if it has no schedule, or if that cannot be told. */
  task: DescribedTask | null;
  reason: string | null;
}

/** The answers that come before the process ends, is ended for being slow, or has answered all. */
function describeInOneProcess(
  { root, environment, files, signal, spawn }: DescribeOptions,
  tasks: readonly string[],
): Promise<{ found: Answer[]; problem: string }> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const found: Answer[] = [];
  let timer: Timer | undefined;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => resolve(`importing its file takes longer than ${patience / 1000} s`), patience);
  };
  const stop = () => resolve("the worker was stopped before it was read");
  let child: Spawned | undefined;
  wait();
  signal.addEventListener("abort", stop);
  try {
    child = spawn({
      root,
      environment,
      maxMemory: null,
      received(message) {
        if (message.type === "ready") {
          child?.send({ type: "start", files, config: null, concurrency: 1, sizeLimit: 0 });
          child?.send({ type: "describe", tasks });
        } else if (message.type === "described") {
          found.push(message);
          wait();
          if (found.length === tasks.length) resolve("");
        }
      },
      exited: (how) => resolve(`the process that imported its file ended with ${how}`),
    });
  } catch (error) {
    resolve(`no process can be started: ${error}`);
  }
  return promise.then((problem) => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    child?.kill();
    return { found, problem };
  });
}
