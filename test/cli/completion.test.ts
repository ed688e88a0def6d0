import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { nuvom } from "../support/programs.ts";
import { temporaryProject } from "../support/project.ts";

const main = join(import.meta.dir, "../../cli/main.ts");

/** What a shell is to run so that it prints, line by line, what may come behind a command line. */
const shells: [name: string, script: (words: string[]) => string][] = [
  [
    "bash",
    (words) => `source <(nuvom completion bash)
      COMP_WORDS=(${quoted(words)}); COMP_CWORD=${words.length - 1}; _nuvom; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  [
    "zsh",
    (words) => `compdef() { :; }
      compadd() { for word in "\${(@P)2}"; do [[ $word == $words[CURRENT]* ]] && print -r -- $word; done; }
      source <(nuvom completion zsh)
      words=(${quoted(words)}); CURRENT=${words.length}; _nuvom`,
  ],
  ["fish", (words) => `nuvom completion fish | source; complete -C ${quoted([words.join(" ")])}`],
];

function quoted(words: string[]): string {
  return words.map((word) => `'${word}'`).join(" ");
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
    using project = await temporaryProject({
      "tasks.ts": `
        import { task } from "nuvom";
        export const names = [task("report.daily", () => 1), task("report.weekly", () => 1), task("other", () => 1)];`,
      "bin/nuvom": `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`,
    });
    chmodSync(project.file("bin/nuvom"), 0o755);
    const { stdout, stderr } = Bun.spawnSync([shell, "-c", script(["nuvom", ...words])], {
      cwd: project.path,
      env: { ...process.env, PATH: `${project.file("bin")}:${process.env.PATH}` },
    });
    expect(stderr.toString()).toBe("");
    expect(stdout.toString().trim().split("\n").sort()).toEqual(found);
  });
});

test.each(shells)(
  "%s runs nothing of what a task is called, and completes it whole",
  async (shell, script) => {
    using project = await temporaryProject({
      "tasks.ts": `
      import { task } from "nuvom";
      export const names = [task("odd$(touch\${IFS}ran)", () => 1), task("odd\`touch ran\`", () => 1), task("odd\\nline", () => 1)];`,
      "bin/nuvom": `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`,
    });
    chmodSync(project.file("bin/nuvom"), 0o755);
    const { stdout } = Bun.spawnSync([shell, "-c", script(["nuvom", "enqueue", "odd"])], {
      cwd: project.path,
      env: { ...process.env, PATH: `${project.file("bin")}:${process.env.PATH}` },
    });
    expect(await Bun.file(project.file("ran")).exists()).toBe(false);
    const found = stdout
      .toString()
      .trim()
      .split("\n")
      .map((word) => word.replaceAll("\\", ""));
    expect(found.sort()).toEqual(["odd$(touch$\x7bIFS}ran)", "odd`touch ran`"]);
  },
);

test("a shell that is not known is refused, with the nearest that is", async () => {
  const { stderr, exitCode } = await nuvom(["completion", "bsh"]);
  expect(stderr).toBe('nuvom: there is no shell "bsh"; did you mean bash?\n');
  expect(exitCode).toBe(2);
});
