import { unknownName } from "../src/config/nearest.ts";
import { definedTasks, type Task } from "../src/definition.ts";
import { InvalidInputError, NuvomError } from "../src/index.ts";
import { projectRoot } from "../src/project.ts";
import { describeThrown } from "../src/thrown.ts";
import { discovered, toStandardError } from "./command.ts";
import { fromHere, problemLines } from "./output.ts";

/** Finds the task without executing anything, then imports the one file that defines it, for its schema and options. */
export async function findTask(name: string, root: string): Promise<Task<never, unknown>> {
  const { tasks, problems } = discovered({}, root);
  const found = tasks.find((task) => task.name === name);
  if (!found) {
    const names = tasks.map((task) => task.name);
    const others =
      tasks.length > 0
        ? unknownName("task", name, names).replace(/^.*?; /, "")
        : "there are none; nuvom init adds a first one";
    const nothing = `no source in ${root} defines the task "${name}": ${others}`;
    throw new InvalidInputError([nothing, ...problemLines(problems)].join("\n"));
  }
  try {
    await toStandardError(() => import(found.file));
  } catch (error) {
    throw new NuvomError(
      "IMPORT_FAILED",
      `${fromHere(found.file)} cannot be imported: ${describeThrown(error).message}`,
      { cause: error },
    );
  }
  const task = definedTasks().get(name);
  if (!task)
    throw new NuvomError(
      "IMPORT_FAILED",
      `${fromHere(found.file)}:${found.line} did not define "${name}" when it was imported`,
    );
  return task;
}

/** The input that an argument holds, or standard input where the argument is `-`. */
export async function parsedInput(json: string | undefined): Promise<unknown> {
  if (json === undefined) return undefined;
  const fromStdin = json === "-";
  const text = fromStdin ? await Bun.stdin.text() : json;
  try {
    return JSON.parse(text);
  } catch (error) {
    const hint = fromStdin ? "" : `; quote it as in '{"name":"you"}'`;
    throw new InvalidInputError(`the input is not JSON: ${(error as Error).message}${hint}`);
  }
}

/** The tasks of the project around here, for the completion of a shell. */
export function taskNames(): string[] {
  return discovered({}, projectRoot()).tasks.map(({ name }) => name);
}
