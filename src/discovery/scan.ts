import { type Isolation, isolations } from "../definition.ts";
import { declaredIn, type Scope, scopesOf } from "./scopes.ts";
import { markLines, normalise, readMark } from "./source.ts";
import { type Token, tokenize } from "./tokens.ts";

/** A call of `task` that was found in the sources. */
export interface DiscoveredTask {
  name: string;
  /** The absolute path. */
  file: string;
  /** Counted from 1. */
  line: number;
  /** Whether its definition may carry a schedule, which only running the file can tell. */
  mayRecur: boolean;
  /** Where its jobs run. */
  isolation: Isolation;
}

/** Something that keeps a task from being discovered. */
export interface DiscoveryProblem {
  file: string;
  line: number;
  /** What is wrong and what to do. */
  message: string;
}

/** What one file defines. */
export interface FileScan {
  tasks: DiscoveredTask[];
  problems: DiscoveryProblem[];
}

/** The module that `task` is imported from. */
export const packageName = "nuvom";
const quotedName = /(["'])nuvom\1/;

/** How the file calls `task`: by a name of its own, or as a member of a namespace. */
type Imports = Map<string, "task" | "namespace">;

/** Finds the tasks that a file defines, in the order of the file, without running it. Does not throw. */
export function scan(source: string, file: string): FileScan {
  if (!quotedName.test(source)) return { tasks: [], problems: [] };
  let code: string;
  let imports: Imports;
  try {
    imports = importsOf(tokenize(normalise(source, file)));
    if (imports.size === 0) return { tasks: [], problems: [] };
    code = normalise(markLines(source, imports.keys()), file);
  } catch (error) {
    return { tasks: [], problems: [{ file, ...parseProblem(error) }] };
  }
  return definitions(code, imports, file);
}

function parseProblem(error: unknown): { line: number; message: string } {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const line = (first as BuildMessage).position?.line ?? 1;
  const reason = first instanceof Error ? first.message : String(first);
  return { line, message: `does not parse: ${reason}. Correct it; until then none of its tasks are known.` };
}

function importsOf(tokens: Token[]): Imports {
  const imports: Imports = new Map();
  for (const [i, { text }] of tokens.entries()) {
    const target = tokens[i + 1];
    if (!target) continue;
    if (text === "import" && target.text !== "(" && target.text !== ".") {
      let end = i + 1;
      while (tokens[end] && tokens[end]!.value === null) end++;
      if (tokens[end]?.value === packageName) readNames(tokens, i + 1, end, imports);
    } else if (text === "const" || text === "let" || text === "var") {
      const end = target.close ?? i + 1;
      if (tokens[end + 2]?.text !== "require" || tokens[end + 4]?.value !== packageName) continue;
      if (target.text === "{") readNames(tokens, i + 1, end, imports);
      else imports.set(target.text, "namespace");
    }
  }
  return imports;
}

/** Reads `* as nuvom`, `{ task, task as t }` and `{ task, task: t }`. */
function readNames(tokens: Token[], start: number, end: number, imports: Imports): void {
  for (let i = start; i < end; i++) {
    const { text } = tokens[i]!;
    const before = tokens[i - 1]!.text;
    const after = tokens[i + 1]!.text;
    const local = after === "as" || after === ":" ? tokens[i + 2]!.text : text;
    if (text === "*") imports.set(local, "namespace");
    if (text === "task" && (before === "{" || before === ",")) imports.set(local, "task");
  }
}

function definitions(code: string, imports: Imports, file: string): FileScan {
  const found: FileScan = { tasks: [], problems: [] };
  const lines: (number | null)[] = [];
  const tokens = tokenize(code).map((token): Token => {
    const { text, line } = readMark(token.text);
    lines.push(line);
    return { ...token, text, value: token.value === null ? null : readMark(token.value).text };
  });
  const scopes = scopesOf(tokens);
  let line = 1;
  for (const [i, token] of tokens.entries()) {
    line = lines[i] ?? line;
    const call = callAt(tokens, i, imports);
    if (call === null) continue;
    // In the outermost scope only the import can declare it; anywhere else it is something of the same name.
    if (declaredIn(token.text, scopes[i]!)?.parent) continue;
    const name = nameOf(tokens, call, scopes[i]!);
    if (scopes[i]!.later) found.problems.push({ file, line, message: insideFunction(name) });
    else if (name === null) found.problems.push({ file, line, message: notStatic });
    else {
      const isolation = isolationOf(tokens, call);
      if (isolation === null) found.problems.push({ file, line, message: isolationNotStatic(name) });
      const task = { name, file, line, mayRecur: mayRecur(tokens, call) };
      found.tasks.push({ ...task, isolation: isolation ?? "shared" });
    }
  }
  return found;
}

/** The index of the opening bracket, if a call of an imported `task` begins at `i`. */
function callAt(tokens: Token[], i: number, imports: Imports): number | null {
  const kind = imports.get(tokens[i]!.text);
  const before = tokens[i - 1]?.text;
  if (!kind || before === "." || before === "?.") return null;
  if (kind === "namespace" && (tokens[i + 1]?.text !== "." || tokens[i + 2]?.text !== "task")) return null;
  const open = kind === "task" ? i + 1 : i + 3;
  const bracket = tokens[open];
  if (bracket?.text !== "(" || bracket.close === undefined) return null;
  const isMethod = tokens[bracket.close + 1]?.text === "{";
  return isMethod ? null : open;
}

function nameOf(tokens: Token[], open: number, scope: Scope): string | null {
  const argument = tokens[open + 1]!;
  const after = tokens[open + 2]?.text;
  if (after !== "," && after !== ")") return null;
  return argument.value ?? declaredIn(argument.text, scope)?.names.get(argument.text) ?? null;
}

/** Whether the second argument is something else than a function, or than an object in which there is no such word. */
function mayRecur(tokens: Token[], open: number): boolean {
  const start = open + 3;
  const first = tokens[start];
  if (!first || start >= tokens[open]!.close!) return false;
  if (first.text === "{") {
    return tokens
      .slice(start, first.close)
      .some(
        ({ text, value }) => text === "..." || recurringWords.has(text) || recurringWords.has(value ?? ""),
      );
  }
  const after = tokens[(first.close ?? start) + 1]?.text;
  return first.text !== "async" && first.text !== "function" && after !== "=>";
}

const recurringWords = new Set(["every", "cron"]);

/** What the option says, `null` if that cannot be read. */
function isolationOf(tokens: Token[], open: number): Isolation | null {
  const start = open + 3;
  const first = tokens[start];
  if (first?.text !== "{") return "shared";
  for (let i = start + 1; i < first.close!; i = (tokens[i]!.close ?? i) + 1) {
    if (tokens[i]!.text !== "isolation" || !isOptionName(tokens, i)) continue;
    const value = isolations.find((isolation) => isolation === tokens[i + 2]?.value);
    const after = tokens[i + 3]?.text;
    return value !== undefined && (after === "," || after === "}") ? value : null;
  }
  return "shared";
}

function isOptionName(tokens: Token[], i: number): boolean {
  const [before, after] = [tokens[i - 1]?.text, tokens[i + 1]?.text];
  return (before === "{" || before === ",") && (after === ":" || after === "," || after === "}");
}

function isolationNotStatic(name: string): string {
  return `the isolation of task ${JSON.stringify(name)} cannot be read without running the file, so it may run shared at first: write it as one of ${isolations.map((isolation) => `"${isolation}"`).join(", ")}`;
}

const notStatic =
  'the name of this task cannot be read without running the file: write it as a string, such as task("email.welcome", …), or as a string constant of the same file';

function insideFunction(name: string | null): string {
  return `${name === null ? "a task" : `task ${JSON.stringify(name)}`} is defined inside a function or class, which runs later or never: define it at the top level of the file`;
}
