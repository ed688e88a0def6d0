import { type Isolation, isolations } from "../definition.ts";
import { type Binding, bindingsOf, type Members, memberOf, packageName, type Resolve } from "./bindings.ts";
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
  /** Whether the file could not be read at all, so that nobody knows what it defines. */
  unread?: true;
  /** What is wrong and what to do. */
  message: string;
}

/** What one file defines. */
export interface FileScan {
  tasks: DiscoveredTask[];
  problems: DiscoveryProblem[];
}

/** What the names of a file's outermost scope stand for. */
type Names = Map<string, Binding>;

const quotedName = new RegExp(`(["'])${packageName}\\1`);

/** What other files of the project export that a file imports, by the names it has for them. */
export type Links = Record<string, Members>;

/** Says of a file, in its first comment, that people do not write it. */
const generated =
  /^\uFEFF?(?:#!.*\n)?\s*(?:\/\*(?:(?!\*\/)[\s\S])*?@generated\b|(?:\/\/.*\n[^\S\n]*)*\/\/.*@generated\b)/;

/** Finds the tasks that a file defines, in the order of the file, without running it. Does not throw. */
export function scan(source: string, file: string, links: Links = {}): FileScan {
  // A broken file is worth a report only if it may have to do with us.
  if (!quotedName.test(source) && Object.keys(links).length === 0) return { tasks: [], problems: [] };
  try {
    const { names } = bindings(source, file, (specifier) => links[specifier]);
    if (names.size === 0) return { tasks: [], problems: [] };
    return definitions(normalise(markLines(source, names.keys()), file), names, file);
  } catch (error) {
    return { tasks: [], problems: [{ file, ...parseProblem(error) }] };
  }
}

/** Under which names a file exports `task`, which it imports from this package. Empty for a file that does not parse. */
export function exportsOf(source: string, file: string): Members {
  // What exports nothing but its own declarations need not be parsed.
  if (!/\bexport\b\s*(?:[*{]|default\b|(?:const|let|var)\b)/.test(source)) return {};
  try {
    return Object.fromEntries(bindings(source, file, () => undefined).exports);
  } catch {
    return {};
  }
}

/** The modules from which a file imports one of these names or everything; any, if it does not parse. */
export function importsOf(source: string, file: string, names: Set<string>): string[] {
  const specifiers = new Set<string>();
  try {
    bindings(source, file, (specifier, wanted) => {
      if (wanted.some((name) => name === "*" || names.has(name))) specifiers.add(specifier);
      return undefined;
    });
  } catch {
    for (const [, specifier] of source.matchAll(/\b(?:from|require\()\s*["']([^"'\n]+)/g))
      specifiers.add(specifier!);
  }
  return [...specifiers];
}

function bindings(source: string, file: string, resolve: Resolve): ReturnType<typeof bindingsOf> {
  if (generated.test(source)) return bindingsOf([], resolve);
  return bindingsOf(tokenize(normalise(source, file)), resolve);
}

function parseProblem(error: unknown): { unread: true; line: number; message: string } {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  // Bun does not know the line of every mistake, and then says -1.
  const line = Math.max((first as BuildMessage).position?.line ?? 1, 1);
  const reason = first instanceof Error ? first.message : String(first);
  return {
    unread: true,
    line,
    message: `does not parse: ${reason}. Correct it; until then none of its tasks are known.`,
  };
}

function definitions(code: string, names: Names, file: string): FileScan {
  const found: FileScan = { tasks: [], problems: [] };
  const lines = new Map<number, number>();
  const tokens = tokenize(code);
  for (const [i, token] of tokens.entries()) {
    const { text, line } = readMark(token.text);
    if (line !== null) lines.set(i, line);
    token.text = text;
    if (token.value !== null) token.value = readMark(token.value).text;
  }
  const scopes = scopesOf(tokens);
  let line = 1;
  for (const [i, token] of tokens.entries()) {
    line = lines.get(i) ?? line;
    const call = callAt(tokens, i, names);
    if (call === null) continue;
    // In the outermost scope only the import can declare it; anywhere else it is something of the same name.
    if (declaredIn(token.text, scopes[i]!)?.parent) continue;
    const name = nameOf(tokens, call, scopes[i]!);
    if (scopes[i]!.later) found.problems.push({ file, line, message: insideFunction(name) });
    else if (name === null || name === "") {
      found.problems.push({ file, line, message: name === null ? notStatic : emptyName });
    } else {
      const isolation = isolationOf(tokens, call);
      if (isolation === null) found.problems.push({ file, line, message: isolationNotStatic(name) });
      const task = { name, file, line, mayRecur: mayRecur(tokens, call) };
      found.tasks.push({ ...task, isolation: isolation ?? "shared" });
    }
  }
  return found;
}

/** The index of the opening bracket, if a call of an imported `task` begins at `i`. */
function callAt(tokens: Token[], i: number, names: Names): number | null {
  let binding = names.get(tokens[i]!.text);
  const before = tokens[i - 1]?.text;
  if (!binding || before === "." || before === "?.") return null;
  let open = i + 1;
  for (; typeof binding === "object" && tokens[open]?.text === "."; open += 2) {
    binding = memberOf(binding, tokens[open + 1]?.text);
  }
  const bracket = tokens[open];
  if (binding !== "task" || bracket?.text !== "(" || bracket.close === undefined) return null;
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

const emptyName = 'the name of this task is empty: name it, as in task("email.welcome", …)';

const notStatic =
  'the name of this task cannot be read without running the file: write it as a string, such as task("email.welcome", …), or as a string constant of the same file';

function insideFunction(name: string | null): string {
  return `${name === null ? "a task" : `task ${JSON.stringify(name)}`} is defined inside a function or class, which runs later or never: define it at the top level of the file`;
}
