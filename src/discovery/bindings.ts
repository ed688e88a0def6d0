import { skipTo } from "./scopes.ts";
import type { Token } from "./tokens.ts";

/** What a name stands for: the function `task`, or an object that has it. */
export type Binding = "task" | Members;

/** What a module exports or an object has, as far as it leads to `task`. */
export interface Members {
  [name: string]: Binding;
}

/** The module that `task` is imported from. */
export const packageName = "nuvom";
const ours: Members = { task: "task" };

/** What the module of this name exports, of which these names are wanted; `*` stands for all. */
export type Resolve = (specifier: string, wanted: string[]) => Members | undefined;

/** A name of a module, or `*`, and the name that it gets. */
type Pair = [name: string, as: string];

const declaringWords = new Set(["const", "let", "var"]);

/** What the names of a program's outermost scope stand for, and what it exports. */
export function bindingsOf(tokens: Token[], resolve: Resolve) {
  const names = new Map<string, Binding>();
  const exports = new Map<string, Binding>();
  const listed: Pair[] = [];
  const moduleOf: Resolve = (specifier, wanted) =>
    specifier === packageName ? ours : resolve(specifier, wanted);

  /** What the expression that begins at `i` stands for, if it is a module, a name or a member of those. */
  const valueAt = (i: number, wanted: string[]): Binding | undefined => {
    const call = tokens[i]?.text === "await" ? i + 1 : i;
    const isCall = tokens[call]?.text === "require" || tokens[call]?.text === "import";
    const specifier = isCall ? tokens[call + 2]?.value : null;
    let at = specifier ? call + 4 : i + 1;
    let value = specifier ? moduleOf(specifier, wanted) : names.get(tokens[i]?.text ?? "");
    for (; tokens[at]?.text === "."; at += 2) value = memberOf(value, tokens[at + 1]?.text);
    return tokens[at]?.text === ";" || tokens[at]?.text === "," ? value : undefined;
  };

  for (let i = 0; i < tokens.length - 1; i = (tokens[i]!.close ?? i) + 1) {
    const { text } = tokens[i]!;
    const next = tokens[i + 1]!.text;
    const isExport = text === "export" && (next === "{" || next === "*");
    if (isExport || (text === "import" && next !== "(" && next !== ".")) {
      let end = i + 1;
      while (tokens[end]?.value === null && tokens[end]!.text !== ";") end = (tokens[end]!.close ?? end) + 1;
      const pairs = pairsOf(tokens, i + 1, end);
      const specifier = tokens[end]?.value;
      if (specifier) bind(pairs, moduleOf(specifier, wantedOf(pairs)), isExport ? exports : names);
      else listed.push(...pairs);
    } else if (text === "export" && next === "default" && tokens[i + 3]?.text === ";") {
      listed.push([tokens[i + 2]!.text, "default"]);
    } else if (declaringWords.has(text)) {
      let at = i;
      do {
        const target = tokens[++at];
        const end = target?.close ?? at;
        const pairs: Pair[] = target?.text === "{" ? pairsOf(tokens, at, end) : [["*", target?.text ?? ""]];
        if (tokens[end + 1]?.text === "=") {
          const value = valueAt(end + 2, wantedOf(pairs));
          bind(pairs, value, names);
          if (tokens[i - 1]?.text === "export") bind(pairs, value, exports);
        }
        at = skipTo(tokens, end + 1, ",", ";");
      } while (tokens[at]?.text === ",");
    }
  }
  for (const [local, as] of listed) bind([["*", as]], names.get(local), exports);
  return { names, exports };
}

export function memberOf(binding: Binding | undefined, name = ""): Binding | undefined {
  return typeof binding === "object" && Object.hasOwn(binding, name) ? binding[name] : undefined;
}

function bind(pairs: Pair[], value: Binding | undefined, into: Map<string, Binding>): void {
  for (const [name, as] of pairs) {
    const bound = name === "*" ? value : memberOf(value, name);
    if (as !== "*") {
      if (bound) into.set(as, bound);
    } else if (typeof bound === "object") {
      for (const [member, each] of Object.entries(bound)) if (member !== "default") into.set(member, each);
    }
  }
}

function wantedOf(pairs: Pair[]): string[] {
  return pairs.map(([name]) => name);
}

/** Reads `a, * as b`, `{ a, b as c }` and `{ a, b: c }`. */
function pairsOf(tokens: Token[], start: number, end: number): Pair[] {
  const nameAt = (i: number) => tokens[i]!.value ?? tokens[i]!.text;
  const pairs: Pair[] = [];
  for (let i = start; i < end; i++) {
    const { text } = tokens[i]!;
    const before = tokens[i - 1]?.text;
    const isFirst = i === start && text !== "{";
    if (!isFirst && before !== "{" && before !== ",") continue;
    const isRenamed = tokens[i + 1]?.text === "as" || tokens[i + 1]?.text === ":";
    if (text === "{") continue;
    if (isFirst && text !== "*") pairs.push(["default", text]);
    else pairs.push([nameAt(i), isRenamed ? nameAt(i + 2) : nameAt(i)]);
    // A pattern within the pattern takes what lies deeper.
    if (isRenamed) i = tokens[i + 2]!.close ?? i;
  }
  return pairs;
}
