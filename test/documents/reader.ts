import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { collect } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";
import { freePort, startRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";
import { type Block, fileOf } from "./blocks.ts";

const main = join(import.meta.dir, "../../cli/main.ts");

/** Milliseconds after which what was to be said by and by is missed. */
const patience = 20_000;

/** What a reader has on the PATH: Bun, which has installed Nuvom already, and `bunx nuvom`. */
const programs = {
  bun: `case "$1" in add|init|install) exit 0 ;; esac\nexec '${process.execPath}' "$@"`,
  bunx: `[ "$1" = nuvom ] || { echo "not installed: $1" >&2; exit 1; }\nshift\nexec '${process.execPath}' '${main}' "$@"`,
  nuvom: `exec '${process.execPath}' '${main}' "$@"`,
};

/**
 * Follows a document in a project of its own, block by block: files are written, shell commands and fragments of programs
 * run, and output is compared. What a reader leaves running in another terminal runs on until the end. Ports are replaced
 * by free ones; behind 6379 there is a Redis.
 *
 * A note above a block may say `file: NAME`, `keeps running`, `with: IMPORTS` (of a fragment), `fails`, `until it says`
 * (it is run again until it says what the next block does), `in the other terminal` (what runs on says it), or `not run: WHY`.
 */
export async function follow(blocks: readonly Block[]): Promise<void> {
  using project = await temporaryProject();
  const ports = new Map<string, number>();
  const redis = blocks.some(({ text }) => text.includes("localhost:6379")) ? await startRedis() : null;
  mkdirSync(project.file("bin"));
  mkdirSync(project.file("node_modules/.bin"));
  symlinkSync("../nuvom/cli/main.ts", project.file("node_modules/.bin/nuvom"));
  for (const [name, script] of Object.entries(programs)) {
    await Bun.write(project.file(`bin/${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(project.file(`bin/${name}`), 0o755);
  }
  const env = {
    ...process.env,
    PATH: `${project.file("bin")}:${process.env.PATH}`,
    NUVOM_STORAGE: "",
    NO_COLOR: "1",
    FORCE_COLOR: "0",
  };
  const running: { program: Subprocess; ended: Promise<void>; text(): string }[] = [];
  const start = (command: string[]) => {
    const program = Bun.spawn(command, { cwd: project.path, env, stdio: ["ignore", "pipe", "pipe"] });
    const [out, errors] = [collect(program.stdout), collect(program.stderr)];
    return {
      program,
      ended: Promise.all([out.ended, errors.ended]).then(() => {}),
      text: () => out.text + errors.text,
    };
  };
  /** In one terminal: what a block sets holds for the next ones. */
  const run = async (commands: string, { place, note }: Block): Promise<string> => {
    const script = `set -a; [ ! -f .set ] || . ./.set\n${commands}\nexport -p > .set`;
    const { program, ended, text } = start(["bash", "-ec", script]);
    await ended;
    if (((await program.exited) !== 0) !== (note === "fails"))
      throw new Error(`${place}: exit code ${program.exitCode}\n${text()}`);
    return text();
  };

  let output = "";
  try {
    for (const [index, block] of blocks.entries()) {
      const text = block.text
        .replaceAll("localhost:6379", `127.0.0.1:${redis?.port}`)
        .replaceAll(/([pP]ort: |PORT = "|localhost:|--metrics-port )(\d{4})\b/g, (_, before, port) => {
          ports.set(port, ports.get(port) ?? freePort());
          return before + ports.get(port);
        });
      const file = fileOf(block);
      const { place, language, note } = block;
      if (language === "yaml") Bun.YAML.parse(text);
      if (note.startsWith("not run: ")) continue;
      if (file !== null) await Bun.write(project.file(file), text);
      else if (note === "in the other terminal") {
        const said = running.at(-1)!.text;
        await until(async () => says(said(), text), patience).catch(() => expectLines(said(), text, place));
      } else if (language === "text") expectLines(output, text, place);
      else if (language === "ts") {
        const fragment = project.file(`fragment-${index}.ts`);
        await Bun.write(fragment, `${note.replace(/^with: /, "")}\n${text}`);
        output = await run(`bun ${fragment}`, block);
        await Bun.file(fragment).delete();
      } else if (language !== "sh") throw new Error(`${place}: nobody knows what to do with this block`);
      else if (note === "keeps running") {
        const program = start(["bash", "-ec", `exec ${text}`]);
        running.push(program);
        await until(async () => {
          if (program.program.exitCode !== null) throw new Error(`${place}: it has ended\n${program.text()}`);
          return /started|listening/.test(program.text());
        });
      } else {
        const giveUpAt = performance.now() + patience;
        const isAwaited = () =>
          note === "until it says" && !says(output, blocks[index + 1]!.text) && performance.now() < giveUpAt;
        output = await run(text, block);
        while (isAwaited()) {
          await Bun.sleep(1000);
          output = await run(text, block);
        }
      }
    }
  } finally {
    for (const { program } of running) program.kill();
    for (const { ended } of running) await ended;
    await redis?.stop();
  }
}

function expectLines(output: string, expected: string, place: string): void {
  if (!says(output, expected)) throw new Error(`${place}: this is not in the output:\n${output}`);
}

/** Each line must be in the output, in this order; `…` stands for anything. */
function says(output: string, expected: string): boolean {
  const lines = expected
    .trim()
    .split("\n")
    .map((line) => line.trim().split("…").map(RegExp.escape).join(".*"));
  return new RegExp(lines.join("[\\s\\S]*?\\n\\s*")).test(output);
}
