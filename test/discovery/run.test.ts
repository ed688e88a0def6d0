import { expect, test } from "bun:test";
import fc from "fast-check";
import { scan } from "../../src/discovery/scan.ts";

const noises = [
  "/'/.test('')",
  "'task(1)'",
  "4 / 2 / 1",
  "({ task: 1 }).task",
  "-1",
  `\`a\${1}'\``,
  `\`\${\`}\`}\``,
  `\`\${/"/}\``,
];

/** Programs in which each definition has its own name, those in functions one that begins with `f`. */
const program = fc.array(fc.nat(9999), { minLength: 200, maxLength: 400 }).map((choices) => {
  let made = 0;
  const number = (below: number) => (choices[made++ % choices.length]! + made) % below;
  const pick = <T>(...items: T[]): T => items[number(items.length)]!;
  const call = (inner: boolean) => `${pick("task", "t", "all.task")}("${inner ? "f" : "n"}${made++}")`;
  const local = () => pick("task", "t", "all", "other");
  const noise = () => pick(...noises);

  const expression = (depth: number, inner: boolean): string => {
    if (depth === 0) return pick(call(inner), noise());
    const same = () => expression(depth - 1, inner);
    const body = () => statements(depth - 1, true);
    return pick(
      () => call(inner),
      () => `[${same()}, ${same()}]`,
      () => `({ a: ${same()}, task() { return ${expression(depth - 1, true)}; } }).task()`,
      () => `((${local()}) => ${expression(depth - 1, true)})(fake)`,
      () => `(${local()} => { ${body()} })(fake)`,
      () => `(function (${pick("", "task", "{ task }", "[t]", "a = 1, all")}) { ${body()} })(fake, fake)`,
      () => `(function ${local()}() { ${noise()}; })()`,
      () => `(1 ? ${same()} : 0)`,
      () => `\`x\${${same()}}"\``,
      () => `(${noise()}, ${same()})`,
      () => `new (class ${pick("", "X")} { m() { return ${expression(depth - 1, true)}; } task() {} })().m()`,
    )();
  };
  const statement = (depth: number, inner: boolean): string => {
    if (depth === 0) return `${expression(0, inner)};`;
    const same = () => statements(depth - 1, inner);
    const name = `v${made++}`;
    return pick(
      () => `{ ${same()} }`,
      () => `if (1) ${expression(depth - 1, inner)};`,
      () => `if (1) { ${same()} } else { ${noise()}; }`,
      () => `for (const ${local()} of [fake]) { ${same()} }`,
      () => `for (let ${local()} = fake, i = 0; i < 1; i++) { ${same()} }`,
      () => `try { throw fake; } catch (${pick("e", "task", "{ t }")}) { ${same()} }`,
      () => `try { ${same()} } finally { ${same()} }`,
      () => `{ const ${local()} = fake; ${same()} }`,
      () => `{ ${same()} function task() { return fake; } }`,
      () =>
        `function ${name}(${pick("", "task", "{ all }")}) { ${statements(depth - 1, true)} } ${name}(fake);`,
      () => `switch (1) { case 1: ${same()} }`,
      () => `${name}: do { ${same()} } while (0);`,
      () => `const ${name} = ${expression(depth - 1, inner)}, w${name} = ${expression(depth - 1, inner)};`,
      () => `const ${name} = () => { ${statements(depth - 1, true)} }; ${name}();`,
    )();
  };
  const statements = (depth: number, inner: boolean): string =>
    Array.from({ length: 1 + number(3) }, () => statement(depth, inner)).join(pick(" ", "\n"));
  return `"use strict"; const all = require("nuvom"), { task, task: t } = all;\n${statements(3, false)}`;
});

/** The names that `task` itself is called with when the program runs; what else is called is a thing of no importance. */
function run(source: string): string[] {
  const names: string[] = [];
  const fake: unknown = new Proxy(() => {}, {
    get: (_, key) => {
      if (key === Symbol.iterator) return () => [fake].values();
      return key === Symbol.toPrimitive ? () => "fake" : fake;
    },
    apply: () => fake,
  });
  const task = (name: string) => {
    names.push(name);
    return fake;
  };
  new Function("require", "fake", source)(() => ({ task }), fake);
  return names;
}

test("what is found, and reported as inside a function, is what calls task when the program runs", () => {
  let calls = 0;
  fc.assert(
    fc.property(program, (source) => {
      const names = run(source).sort();
      const { tasks, problems } = scan(source, "program.cjs");
      const reported = problems.map(
        ({ message }) => /^task "(f\d+)" is defined inside/.exec(message)?.[1] ?? message,
      );
      expect([...tasks.map(({ name }) => name), ...reported].sort()).toEqual(names);
      calls += names.length;
    }),
    { numRuns: 1_000 },
  );
  expect(calls).toBeGreaterThan(2_000);
});
