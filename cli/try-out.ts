import type { Area } from "../src/discovery/files.ts";
import { discoveredTasks } from "../src/worker/sources.ts";
import { fromHere } from "./output.ts";

/** What is wrong with tasks that only importing their files can tell; processes of their own do that. */
export async function brokenTasks(root: string, area: Area): Promise<string[]> {
  const { discovery, tryOut } = discoveredTasks(root, area, {});
  const { failed } = await tryOut();
  return failed.map(({ task: name, reason }) => {
    const { file, line } = discovery.tasks.find((task) => task.name === name)!;
    return `${fromHere(file)}:${line}: task ${JSON.stringify(name)} cannot be used: ${reason}`;
  });
}
