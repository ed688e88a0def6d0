import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type DiscoveredTask, scan } from "../../src/discovery/scan.ts";

interface Case {
  /** Names and lines of the tasks, such as `math.add:2`. */
  tasks?: string[];
  /** Lines and parts of messages, such as `3: inside a function`. */
  problems?: string[];
  source: string;
  file?: string;
}

function check(cases: Record<string, Case>): void {
  for (const [title, { source, file = "tasks.ts", tasks = [], problems = [] }] of Object.entries(cases)) {
    test(title, () => {
      const found = scan(source, file);
      expect(found.tasks.map((task) => `${task.name}:${task.line}`)).toEqual(tasks);
      expect(found.problems.map((problem) => problem.line)).toEqual(
        problems.map((text) => Number.parseInt(text, 10)),
      );
      for (const [i, text] of problems.entries()) {
        expect(found.problems[i]!.message).toContain(text.slice(text.indexOf(":") + 2));
      }
      expect([...found.tasks, ...found.problems].every((each) => each.file === file)).toBe(true);
    });
  }
}

const imported = 'import { task } from "nuvom";\n';

describe("ways to import task", () => {
  check({
    "by name": { source: `import { task } from "nuvom"; task("a", run);`, tasks: ["a:1"] },
    "under another name": { source: `import { task as t } from 'nuvom'; t("a", run);`, tasks: ["a:1"] },
    "under two names": {
      source: `import { task, task as t } from "nuvom"; task("a"); t("b")`,
      tasks: ["a:1", "b:1"],
    },
    "as part of a namespace": {
      source: `import * as nuvom from "nuvom"; nuvom.task("a", run)`,
      tasks: ["a:1"],
    },
    "among other names and types": {
      source: `import type { Job } from "nuvom";\nimport { Nuvom, type Context, task } from "nuvom";\ntask("a", run);`,
      tasks: ["a:3"],
    },
    "below its use": { source: `task("a", run);\nimport { task } from "nuvom";`, tasks: ["a:1"] },
    "with names that need care in a pattern": {
      source: `import { task as $t } from "nuvom";\nimport { task as tâche } from "nuvom";\n$t("a"); tâche("b"); at("c"); étâche("d");`,
      tasks: ["a:3", "b:3"],
    },
    "by require": {
      file: "tasks.cjs",
      source: `const { Nuvom, task, task: t } = require("nuvom");\nconst nuvom = require("nuvom");\ntask("a"); t("b"); nuvom.task("c");`,
      tasks: ["a:3", "b:3", "c:3"],
    },
    "by import and require": {
      file: "tasks.cts",
      source: `import n = require("nuvom"); n.task("a")`,
      tasks: ["a:1"],
    },
  });
});

describe("definitions that are found", () => {
  check({
    "exported, not exported, default, and with an unused result": {
      source: `${imported}export const a = task("a", run);\nconst b = task("b", run);\nexport default task("c", run);\ntask("d", run);`,
      tasks: ["a:2", "b:3", "c:4", "d:5"],
    },
    "all options": {
      source: `${imported}
export const welcome = task("email.welcome", {
  input: z.object({ to: z.email() }),
  retry: { attempts: 5, backoff: "exponential" },
  async run({ to }, { signal, log }) { await send(to); return { id: \`\${to}\` }; },
});`,
      tasks: ["email.welcome:3"],
    },
    "type arguments": {
      source: `${imported}task<In, Map<string, Out<number>[]>>("a", run);\ntask<\n  In,\n>(\n  "b",\n  run);`,
      tasks: ["a:2", "b:3"],
    },
    "options with satisfies and as const": {
      source: `${imported}task("a", { run } satisfies Options);\ntask("b", { run } as const);\ntask("c" as const, run as any as Run<In>);`,
      tasks: ["a:2", "b:3", "c:4"],
    },
    "a callee with assertions": {
      source: `${imported}\n(task as any)("a");\ntask!("b");\n(task)("c")`,
      tasks: ["a:3", "b:4", "c:5"],
    },
    "a template without substitutions": {
      source: `${imported}task(\`report.daily\`, run)`,
      tasks: ["report.daily:2"],
    },
    "a constant of the same file, also below": {
      source: `${imported}const A = "a"; task(A, run); task(B, run); const x = 1, B: string = \`b\`;`,
      tasks: ["a:2", "b:2"],
    },
    "a member of an enum": {
      source: `${imported}enum Names { Add = "math.add" }\ntask(Names.Add, run)`,
      tasks: ["math.add:3"],
    },
    "inside top-level blocks, arrays, objects and calls": {
      source: `${imported}if (x) {\n task("a") }\nexport const all = [\n task("b"), { c: task("c") }];\nregister(task("d"));\ntry { task("e") } catch (e) { task("f") }\nfor (const x of y) task("g");`,
      tasks: ["a:3", "b:5", "c:5", "d:6", "e:7", "f:7", "g:8"],
    },
    "in code that can be seen never to run": {
      source: `${imported}if (false) { task("a") }`,
      tasks: ["a:2"],
    },
    "beside keywords that are properties": {
      source: `${imported}if (o.class in x) { task("a") } const p = { class: 1, function: 2, let: task("b"), var: 3 };`,
      tasks: ["a:2", "b:2"],
    },
    "beside functions": {
      source: `${imported}const f = () => 1, a = task("a");\nconst g = (x) => ({ x });\ntask("b", () => {}); function h() {} class C { m() {} }\ntask("c"); [(x) => x, task("d")]`,
      tasks: ["a:2", "b:4", "c:5", "d:5"],
    },
    "after its name was another's in a block, a loop, a function and a catch": {
      source: `${imported}{ const task = f; task("no"); }\nfor (const task of tasks) task("no");\nfor (const task of tasks) { task("no") }\nfunction g(task) { task("no") }\ntry {} catch (task) { task("no") }\ntask("a")`,
      tasks: ["a:7"],
    },
    "names with escapes, quotes and any script": {
      source: `${imported}task("a\\u0062c"); task('it\\'s "x"'); task("\\x41\\u{1F600}"); task("ж.タスク"); task(\`a\\\`b\\\${c}\`); task("a\\\nb");`,
      tasks: ["abc:2", 'it\'s "x":2', "A😀:2", "ж.タスク:2", `a\`b\${c}:2`, "ab:2"],
    },
    "a name that looks like a call": {
      source: `${imported}task("task (task) task.task(", run)`,
      tasks: ["task (task) task.task(:2"],
    },
    "a comment that has many readings": {
      source: `${imported}// task ${"/".repeat(1000)} ${"/* */".repeat(200)}\ntask("a")`,
      tasks: ["a:3"],
    },
    "wide gaps and comments in between": {
      source: `${imported}task\n  /* ( */ // (\n  (\n  // "no"\n  "a");\nimport * as n from "nuvom";\nn\n  . task("b")`,
      tasks: ["a:2", "b:8"],
    },
  });
});

describe("text that only looks like a definition", () => {
  check({
    comments: {
      source: `${imported}// task("no")\n/* task("no")\n task("no") */ task("a"); /*! task("no") */ //! task("no")`,
      tasks: ["a:4"],
    },
    "strings and templates": {
      source: `${imported}const x = 'task("no")', y = "\\" task('no')", z = \`task("no") \${\`\${"task('no')"}\`} task("no")\`; task("a")`,
      tasks: ["a:2"],
    },
    "code within a template is code": {
      source: `${imported}x = \`\${{ a: [task("a")] }.a} \${\`}\${task("b")}\`}\`; task("c")`,
      tasks: ["a:2", "b:2", "c:2"],
    },
    "regular expressions": {
      source: `${imported}const r = /task("no")/, s = [/["'\`/]/, / "/g];\nif (x) /task("no")"/.test(y);\nconst f = () => / task("no")'/;\n{}\n/"task("no")/.test(y); task("a")`,
      tasks: ["a:6"],
    },
    "a regular expression that begins like a division": {
      source: `${imported}function f() { return / "/; }\nfor (const x of y) / '/.test(x);\ntask("a")`,
      tasks: ["a:4"],
    },
    "divisions beside calls": {
      source: `${imported}f(a[0] / 2, task("a"), 1 / 2); f(a++ / 2, task("b"), 1 / 2); f(o.return / 2, task("c"), 1 / 2); f("4" / 2, task("d"), \`4\` / 2); f((a, b) / 2, task("e"), {} / 2)`,
      tasks: ["a:2", "b:2", "c:2", "d:2", "e:2"],
    },
    "divisions are none": {
      source: `${imported}const q = a / b / task("a"), r = (a) / "/".length, s = a++ / 2; x = a[0] / 2; y = {}.z / 1; task("b") /1/ 2;\ntask("c")`,
      tasks: ["a:2", "b:2", "c:3"],
    },
    "text and attributes of JSX": {
      file: "page.tsx",
      source: `${imported}const page = <p title="task('no')">don't task("no") {task("a")}\n</p>;\ntask("b")`,
      tasks: ["a:2", "b:4"],
    },
    "type positions": {
      source: `${imported}type T = typeof task;\ninterface I { task(name: "no"): void }\ndeclare function f(x: ReturnType<typeof task>): void;\ntask("a")`,
      tasks: ["a:5"],
    },
  });
});

describe("what is not ours", () => {
  check({
    "another package's task": {
      source: `import { task } from "other";\nimport { Nuvom } from "nuvom";\ntask("no")`,
    },
    "a package of a similar name": {
      source: `import { task } from "nuvom/testing"; import { task as t } from "./nuvom"; task("no"); t("no")`,
    },
    "a function of the file": {
      source: `import { Nuvom } from "nuvom";\nfunction task(name) {}\ntask("no")`,
    },
    "something else of ours called task": { source: `import { Nuvom as task } from "nuvom"; task("no")` },
    "a default import": { source: `import task from "nuvom"; task("no")` },
    "a type": {
      source: `import type { task } from "nuvom";\nimport { type task as t } from "nuvom";\ntask("no"); t("no")`,
    },
    "a method": {
      source: `${imported}queue.task("no"); this.task("no"); a?.task("no"); class C { #task() {}\n m() { this.#task("no") } }`,
    },
    "the definition of a method": {
      source: `${imported}const o = { task(name) {}, get task() {} }; class C { task(name) {} async task(name) {} }`,
    },
    "a namespace's other members": {
      source: `import * as nuvom from "nuvom"; nuvom.other("no"); x.nuvom.task("no"); nuvom.task.name`,
    },
    "a parameter": {
      source: `${imported}function f(task) { task("no") }\nconst g = (a, { task }) => task("no");\nconst h = ({ x: [task] }) => { task("no") }`,
    },
    "a local variable": {
      source: `${imported}function f() { task("no"); const a = 1, task = g; }\nfunction h() { const { x: task } = y; return () => task("no"); }\nfunction i() { function task() {} task("no") }\nfunction j() { class task {} task("no") }`,
    },
    "a mention without a call": {
      file: "x.js",
      source: `${imported}export { task }; export { task as t }; const all = { task }; x = task;`,
    },
  });
});

describe("problems, which do not hide the rest", () => {
  check({
    "a name that is not static": {
      source: `${imported}task(name);\ntask(\`a.\${b}\`);\ntask("a" + b);\ntask(...args);\ntask();\ntask(cond ? "a" : "b");\ntask("a".trim());\ntask("ok");`,
      tasks: ["ok:9"],
      problems: [2, 3, 4, 5, 6, 7, 8].map((line) => `${line}: as a string`),
    },
    "a constant that is none": {
      source: `${imported}import { A } from "./names.ts";\nlet B = "b"; const C = "c" + d;\ntask(A);\ntask(B);\ntask(C);\n{ const D = "x"; }\ntask(D);`,
      problems: ["4: as a string", "5: as a string", "6: as a string", "8: as a string"],
    },
    "a constant that is another one here": {
      source: `${imported}const NAME = "outer";\n{ const NAME = "inner"; task(NAME); }\n{ let NAME = x; task(NAME); }\ntask(NAME)`,
      tasks: ["inner:3", "outer:5"],
      problems: ["4: as a string"],
    },
    "inside a function, method or class": {
      source: `${imported}function f() {\n task("a") }\nconst g = async () =>\n task("b");\nconst o = { m() {\n task("c") } };\nclass C { x = 1;\n y = task("d") }\n(function* () {\n task("e") })();\nexport default function (a = task("f")) {}\ntask("ok")`,
      tasks: ["ok:13"],
      problems: ["3: inside a function", '5: "b"', '7: "c"', '9: "d"', '11: "e"', '12: "f"'],
    },
    "in a function after its first statement, whatever its parameters are called": {
      source: `${imported}const f = () => { x();\n task("a") };\nconst g = ({ task: x }) => {\n task("b") };`,
      problems: ['3: "a"', '5: "b"'],
    },
    "in a block or a loop of a function": {
      source: `${imported}function f() { if (x) {\n task("a") } else for (const y of z) {\n task("b") } switch (x) { case 1: {\n task(c) } } }`,
      problems: ['3: "a"', '4: "b"', "5: a task"],
    },
    "a file that does not parse": {
      source: `${imported}task("a");\nconst b = ;`,
      problems: ["3: Unexpected ;"],
    },
    "a file with several mistakes": {
      source: `${imported}let a; let a;\nlet b; let b;`,
      problems: ['2: "a" has already been declared'],
    },
    "a file that ends too early": { source: `${imported}task("a", {`, problems: ["2: end of file"] },
    "a name that is declared twice": {
      source: `${imported}const task = 1;`,
      problems: ["2: has already been declared"],
    },
    "a broken file that has nothing to do with us": { source: "const b = ;" },
  });
});

describe("kinds of files", () => {
  const typed = `import { task } from "nuvom"; const f = <T,>(x: T) => x as T; task("a")`;
  const plain = `import { task } from "nuvom"; task("a")`;
  check({
    ...Object.fromEntries(
      ["ts", "tsx", "mts", "cts"].map((e) => [e, { file: `x.${e}`, source: typed, tasks: ["a:1"] }]),
    ),
    ...Object.fromEntries(
      ["js", "jsx", "mjs", "cjs"].map((e) => [e, { file: `x.${e}`, source: plain, tasks: ["a:1"] }]),
    ),
    "a generic arrow function, which is no JSX": {
      source: `${imported}const f = async <T>(x: T) => x; task("a")`,
      tasks: ["a:2"],
    },
    "JSX in .js": { file: "x.js", source: `${imported}const p = <p>don't</p>; task("a")`, tasks: ["a:2"] },
    "a byte order mark": { source: `\uFEFF${imported}task("a")`, tasks: ["a:2"] },
    "a first line for the shell": { source: `#!/usr/bin/env bun\n${imported}task("a")`, tasks: ["a:3"] },
    "line ends of Windows": {
      source: `import { task } from "nuvom";\r\n\r\n// task("no")\r\ntask("a");\r\n`,
      tasks: ["a:4"],
    },
    "minified code": {
      file: "x.js",
      source: `import{task as e}from"nuvom";import*as n from"nuvom";var t=e("a",async({x:e,y:t})=>e/t/2),o=e("b",{run(e){return e("no")}});n.task("c",r=>r);export{t as add,o as default};`,
      tasks: ["a:1", "b:1", "c:1"],
    },
    "very long lines": {
      source: `${imported}const x = "${'\\"task('.repeat(200_000)}"; const y = [${"/[/]'/,".repeat(50_000)}]; task("a");\ntask("b")`,
      tasks: ["a:2", "b:3"],
    },
    decorators: {
      source: `${imported}@Injectable()\nclass A { @Input() x = 1; constructor(@Inject() y) {} }\ntask("a")`,
      tasks: ["a:4"],
    },
  });
});

test("nothing is run, not even a macro", () => {
  const folder = mkdtempSync(join(tmpdir(), "nuvom-scan-"));
  const trace = join(folder, "ran");
  const macro = join(folder, "macro.ts");
  writeFileSync(
    macro,
    `import { writeFileSync } from "node:fs";\nexport const f = () => writeFileSync("${trace}", "");`,
  );
  const sources = ['{ type: "macro" }', "{ 'type' : 'macro' }", '{ type: "m\\u0061cro" }'].map(
    (attributes) => `${imported}import { f } from "${macro}" with ${attributes};\nf();\ntask("a", run);`,
  );
  const found = sources.map((source) => scan(source, "tasks.ts"));
  const ran = existsSync(trace);
  rmSync(folder, { recursive: true });

  expect(ran).toBe(false);
  expect(found[0]!.tasks).toEqual([
    { name: "a", file: "tasks.ts", line: 4, mayRecur: true, isolation: "shared" },
  ]);
  expect(found[1]!.tasks).toEqual(found[0]!.tasks);
  expect(found[2]!.problems.map(({ message }) => message)).toEqual([
    expect.stringContaining("Macros are disabled"),
  ]);
});

/** Of any code units, half surrogate pairs included. */
const anyString = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units));

test("the empty string is no name", () => {
  const { tasks, problems } = scan(`${imported}task("", run)`, "x.ts");
  expect(tasks).toEqual([]);
  expect(problems).toMatchObject([{ line: 2, message: expect.stringContaining("is empty") }]);
});

test("every other string is a name", () => {
  fc.assert(
    fc.property(anyString, fc.boolean(), (name, asConstant) => {
      fc.pre(name !== "");
      const literal = JSON.stringify(name);
      const source = asConstant ? `const NAME = ${literal}; task(NAME)` : `task(${literal}, run)`;
      expect(scan(imported + source, "x.ts")).toEqual({
        tasks: [{ name, file: "x.ts", line: 2, mayRecur: !asConstant, isolation: "shared" }],
        problems: [],
      });
    }),
  );
});

test("lines and finds do not depend on what stands around", () => {
  const noise = [
    "",
    "// task('no')",
    "/* task(\n'no') */",
    "const x# = 'task(\"no\")';",
    "const r# = /[`'\"/]task(/;",
    "const q# = a / b / c;",
    "const t# = `task(\n'no')$" + "{`}`}`;",
    "{}\n/'/.test(s);",
    "function f#(task) {\n task('no') }",
    "type T# = {\n x: typeof task };",
    "const g# = <T,>(x: T): x is T => x;",
    "class C# { task(name: string) {} }",
    "for (const task of s) { task('no'); }",
    "label#: if (a) {}",
  ];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...noise), { maxLength: 12 }),
      fc.constantFrom("\n", "\r\n"),
      (pieces, newline) => {
        const lines = imported.split("\n");
        const expected: DiscoveredTask[] = [];
        for (const [i, piece] of pieces.entries()) {
          lines.push(...piece.replaceAll("#", String(i)).split("\n"), `task("t${i}", run);`);
          expected.push({
            name: `t${i}`,
            file: "x.ts",
            line: lines.length,
            mayRecur: true,
            isolation: "shared",
          });
        }
        expect(scan(lines.join(newline), "x.ts")).toEqual({ tasks: expected, problems: [] });
      },
    ),
  );
});

test("a task may recur if its second argument could hold every or cron", () => {
  const recurring = [
    '{ every: "5m", run }',
    '{ cron: "0 9 * * *", run() {} }',
    '{ "every": 5, run }',
    "{ ...shared, run }",
    "options",
    "makeOptions()",
  ];
  const plain = [
    "() => 1",
    "async (x) => x",
    "x => x",
    "function () {}",
    "{ run() {} }",
    '{ queue: "a", run }',
  ];
  const mayRecur = (argument: string) =>
    scan(`${imported}task("t", ${argument});`, "x.ts").tasks[0]!.mayRecur;
  expect(recurring.filter((argument) => !mayRecur(argument))).toEqual([]);
  expect(plain.filter(mayRecur)).toEqual([]);
});

test("the isolation of a task is read where it is written as a string", () => {
  const isolationOf = (options: string) =>
    scan(`${imported}task("t", { ${options} run() {} });`, "x.ts").tasks[0]!.isolation;
  expect(isolationOf("")).toBe("shared");
  expect(isolationOf('isolation: "job",')).toBe("job");
  expect(isolationOf('retry: { attempts: 1 }, "isolation": `none`,')).toBe("none");
  expect(isolationOf('input: { isolation: "job" },')).toBe("shared");
  expect(isolationOf('queue: isolation ? "job" : "other",')).toBe("shared");
});

test("an isolation that cannot be read is reported, and the task found", () => {
  for (const written of [
    "isolation: chosen,",
    "isolation,",
    'isolation: "process",',
    'isolation: "job" + x,',
  ]) {
    const { tasks, problems } = scan(`${imported}task("t", { ${written} run() {} });`, "x.ts");
    expect(tasks).toMatchObject([{ name: "t", isolation: "shared" }]);
    expect(problems).toMatchObject([{ line: 2, message: expect.stringContaining("cannot be read") }]);
  }
});
