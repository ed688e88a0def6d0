import type { Described } from "./protocol.ts";
import { type Spawned, spawnProcess } from "./spawn.ts";

export interface DescribeOptions {
  root: string;
  environment: Record<string, string>;
  files: ReadonlyMap<string, string>;
  /** The tasks whose definitions may have a schedule. */
  tasks: readonly string[];
}

/** How long the files may take to be imported. */
const patience = 30_000;

/** Has a process of its own import the tasks that may carry a schedule, and returns what they say. Does not throw. */
export function describeTasks({ root, environment, files, tasks }: DescribeOptions): Promise<Described> {
  if (tasks.length === 0) return Promise.resolve({ tasks: [], failed: [] });
  const { promise, resolve } = Promise.withResolvers<Described>();
  const nothing = (reason: string) => resolve({ tasks: [], failed: tasks.map((task) => ({ task, reason })) });
  let child: Spawned | undefined;
  try {
    child = spawnProcess({
      root,
      environment,
      received(message) {
        if (message.type === "ready") {
          child?.send({ type: "start", files, concurrency: 1, sizeLimit: 0 });
          child?.send({ type: "describe", tasks });
        } else if (message.type === "described") resolve(message.described);
      },
      exited: (how) => nothing(`the process that read it ended with ${how}`),
    });
  } catch (error) {
    nothing(`no process can be started: ${error}`);
  }
  const timer = setTimeout(() => nothing(`importing it took longer than ${patience / 1000} s`), patience);
  return promise.finally(() => {
    clearTimeout(timer);
    child?.kill();
  });
}
