import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../src/project.ts";
import { command, rootFlag, UsageError } from "../command.ts";
import { fromHere } from "../output.ts";

const example = `import { task } from "nuvom";

export const hello = task("hello", async ({ name }: { name: string }) => {
  return \`Hello, \${name}!\`;
});
`;

export default command({
  summary: "add a first task to the project",
  usage: "",
  arguments: [0, 0],
  flags: rootFlag,
  examples: ["nuvom init"],
  async run(_, flags) {
    const root = flags.root ?? projectRoot();
    if (!existsSync(join(root, "package.json"))) {
      throw new UsageError(`there is no package.json in ${root}: run bun init -y and bun add nuvom first`);
    }
    const file = join(root, "tasks", "hello.ts");
    if (existsSync(file)) console.log(`kept    ${fromHere(file)}, which was there`);
    else {
      await Bun.write(file, example);
      console.log(`created ${fromHere(file)}, a first task`);
    }
    const ignoreFile = join(root, ".gitignore");
    const ignore = Bun.file(ignoreFile);
    const ignored = (await ignore.exists()) ? await ignore.text() : "";
    if (!ignored.split(/\r?\n/).includes(".nuvom/")) {
      await Bun.write(ignore, `${ignored}${ignored === "" || ignored.endsWith("\n") ? "" : "\n"}.nuvom/\n`);
      console.log(`added   .nuvom/ to ${fromHere(ignoreFile)}: that is where the jobs are kept`);
    }
    console.log(
      '\nNow start a worker:     bunx nuvom worker\nand, elsewhere, a job:  bunx nuvom enqueue hello \'{"name":"you"}\' --wait',
    );
    return 0;
  },
});
