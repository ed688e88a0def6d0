import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { nuvom } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";

const main = join(import.meta.dir, "../../cli/main.ts");

/** What `nuvom completion` prints is there as well, as it takes a program to print it. */
const fromFile = "source ./completion";

/** What a shell is to run so that it prints, line by line, what may come behind a command line, and how it is told to complete. */
const shells: [name: string, script: (words: string[], load?: string) => string, load: string][] = [
  [
    "bash",
    (words, load = fromFile) => `${load}
      COMP_WORDS=(${quoted(words)}); COMP_CWORD=${words.length - 1}; _nuvom; printf '%s\\n' "\${COMPREPLY[@]}"`,
    "source <(nuvom completion bash)",
  ],
  [
    "zsh",
    (words, load = fromFile) => `compdef() { :; }
      compadd() { for word in "\${(@P)2}"; do [[ $word == $words[CURRENT]* ]] && print -r -- $word; done; }
      ${load}
      words=(${quoted(words)}); CURRENT=${words.length}; _nuvom`,
    "source <(nuvom completion zsh)",
  ],
  [
    "fish",
    (words, load = fromFile) => `${load}; complete -C ${quoted([words.join(" ")])}`,
    "nuvom completion fish | source",
  ],
];

function quoted(words: string[]): string {
  return words.map((word) => `'${word}'`).join(" ");
}

/** A project with these sources, in whose folder a shell knows `nuvom` and what it prints for that shell. */
async function projectFor(shell: string, sources: string) {
  const { stdout } = await nuvom(["completion", shell]);
  const project = await temporaryProject({
    "tasks.ts": sources,
    "bin/nuvom": `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`,
    completion: stdout,
  });
  chmodSync(project.file("bin/nuvom"), 0o755);
  return project;
}

function runIn(project: Awaited<ReturnType<typeof projectFor>>, shell: string, script: string) {
  const { stdout, stderr } = Bun.spawnSync([shell, "-c", script], {
    cwd: project.path,
    env: { ...process.env, PATH: `${project.file("bin")}:${process.env.PATH}` },
  });
  expect(stderr.toString()).toBe("");
  return stdout.toString().trim().split("\n");
}

describe.each(shells)("%s completes", (shell, script) => {
  test.each<[words: string[], found: string[]]>([
    [["en"], ["enqueue"]],
    [
      ["enqueue", "rep"],
      ["report.daily", "report.weekly"],
    ],
    [
      ["enqueue", "--queue", "mail", "rep"],
      ["report.daily", "report.weekly"],
    ],
    [
      ["worker", "--rec"],
      ["--recycle-age", "--recycle-jobs", "--recycle-memory"],
    ],
    [["schedules", "exp"], ["explain"]],
    [["schedules", "add", "oth"], ["other"]],
    [["jobs", "--state", "ca"], ["cancelled"]],
    [["completion", "f"], ["fish"]],
  ])("%j", async (words, found) => {
    using project = await projectFor(
      shell,
      `import { task } from "nuvom";
      export const names = [task("report.daily", () => 1), task("report.weekly", () => 1), task("other", () => 1)];`,
    );
    expect(runIn(project, shell, script(["nuvom", ...words])).sort()).toEqual(found);
  });
});

test.each(shells)(
  "%s runs nothing of what a task is called, and completes it whole",
  async (shell, script, load) => {
    using project = await projectFor(
      shell,
      `import { task } from "nuvom";
      export const names = [task("odd$(touch\${IFS}ran)", () => 1), task("odd\`touch ran\`", () => 1), task("odd\\nline", () => 1)];`,
    );
    const found = runIn(project, shell, script(["nuvom", "enqueue", "odd"], load));
    expect(await Bun.file(project.file("ran")).exists()).toBe(false);
    expect(found.map((word) => word.replaceAll("\\", "")).sort()).toEqual([
      "odd$(touch$\x7bIFS}ran)",
      "odd`touch ran`",
    ]);
  },
);

test("a shell that is not known is refused, with the nearest that is", async () => {
  const { stderr, exitCode } = await nuvom(["completion", "bsh"]);
  expect(stderr).toBe('nuvom: there is no shell "bsh"; did you mean bash?\n');
  expect(exitCode).toBe(2);
});
