import { defaultSizeLimit } from "../codec.ts";
import { loadConfig } from "../config/file.ts";
import { definedTasks, type TaskDefinition } from "../definition.ts";
import { newJobs } from "../enqueue.ts";
import { checkedHooks, type HookEvent, type HookName, type Hooks, hookNames } from "../hooks.ts";
import { defaultKeep, keepPolicy } from "../keep.ts";
import { describeThrown } from "../thrown.ts";
import { templateOf } from "../wanted-schedule.ts";
import type { DescribedTask } from "./protocol.ts";

/** A task whose file was imported. */
export interface LoadedTask extends TaskDefinition {
  /** Those of the task, and those of the project's configuration. */
  readonly hooks: Hooks;
}

interface Listener {
  loaded(task: LoadedTask): void;
  /** A file could not be imported, which the program remembers: it is of no use for that file any more. */
  spoiled(): void;
}

/** The files of a project's tasks, each imported when it is first asked for. */
export class TaskFiles {
  readonly #loading = new Map<string, Promise<LoadedTask | undefined>>();
  readonly #loaded = new Map<string, LoadedTask>();
  #files: ReadonlyMap<string, string> = new Map();
  #config: string | null = null;

  constructor(
    private readonly listener: Listener,
    /** Those of every task, where no file of configuration tells them. */
    private readonly hooks: Hooks = {},
  ) {}

  know(files: ReadonlyMap<string, string>, config: string | null): void {
    this.#files = files;
    this.#config = config;
  }

  /** The task if its file has been imported. */
  get(task: string): LoadedTask | undefined {
    return this.#loaded.get(task);
  }

  /** The task, `undefined` if its file does not define it. @throws what the file throws as it is imported. */
  load(task: string): Promise<LoadedTask | undefined> {
    const loading = this.#loading.get(task) ?? this.#import(task);
    this.#loading.set(task, loading);
    return loading;
  }

  /** Why the task is not there. */
  missing(task: string): string {
    return `${this.#files.get(task)} does not define this task any more`;
  }

  async #import(name: string): Promise<LoadedTask | undefined> {
    const shared = this.#config === null ? this.hooks : sharedHooks(this.#config);
    try {
      const file = this.#files.get(name)!;
      // The program itself has defined what it hands over, and may still be waiting for its worker.
      if (file !== Bun.main) await import(file);
    } catch (error) {
      this.listener.spoiled();
      throw error;
    }
    const definition = definedTasks().get(name)?.definition;
    if (!definition) return undefined;
    const task = { ...definition, hooks: both(definition.hooks, shared) };
    this.#loaded.set(name, task);
    this.listener.loaded(task);
    return task;
  }
}

/** The schedule in a task's definition, `null` if it carries none. */
export async function describeSchedule(
  definition: TaskDefinition | undefined,
  now: number,
): Promise<DescribedTask | null> {
  if (!definition?.recurring) return null;
  const context = { now, sizeLimit: defaultSizeLimit, keep: keepPolicy(defaultKeep, definition.name) };
  const [job] = await newJobs(definition, [undefined], {}, context);
  return { when: definition.recurring, template: templateOf(job!) };
}

/** Runs a hook of the event's task. Returns what was wrong with it, if anything. */
export async function runHook(files: TaskFiles, hook: HookName, event: HookEvent): Promise<string | null> {
  try {
    const task = await files.load(event.task);
    await task?.hooks[hook]?.(event as never);
    return null;
  } catch (error) {
    const { name, message } = describeThrown(error);
    return `${name}: ${message}`;
  }
}

/** A mistake in the configuration is told wherever its hooks would have run, and costs no job. */
function sharedHooks(config: string): Hooks {
  try {
    return checkedHooks(loadConfig(config).hooks ?? {});
  } catch (error) {
    const fail = () => {
      throw error;
    };
    return Object.fromEntries(hookNames.map((name) => [name, fail]));
  }
}

/** For each hook, that of the task and then that of the project. A failure of the first does not keep the second from running. */
export function both(own: Hooks, shared: Hooks): Hooks {
  const hooks: Hooks = {};
  for (const name of hookNames) {
    const all = [own[name], shared[name]].filter((hook) => hook !== undefined);
    if (all.length === 0) continue;
    hooks[name] = async (event: never) => {
      const ends = await Promise.allSettled(all.map(async (hook) => hook(event)));
      for (const end of ends) if (end.status === "rejected") throw end.reason;
    };
  }
  return hooks;
}
