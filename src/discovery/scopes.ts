import type { Token } from "./tokens.ts";

/** A stretch of a program with names of its own. */
export interface Scope {
  parent: Scope | null;
  /** The index of its last token. */
  end: number;
  /** Whether what stands in it runs later than the file: the body of a function, or of a class. */
  later: boolean;
  /** Every name declared in it, with its value if that is a constant string. */
  names: Map<string, string | null>;
}

/** The innermost scope of every token. */
export function scopesOf(tokens: Token[]): Scope[] {
  const root: Scope = { parent: null, end: tokens.length, later: false, names: new Map() };
  let scope = root;
  return tokens.map((_, i) => {
    while (i > scope.end) scope = scope.parent!;
    const opened = opens(tokens, i);
    if (opened) {
      const { end, later, parameters } = opened;
      scope = { parent: scope, end, later: later || scope.later, names: new Map() };
      for (const name of parameters) scope.names.set(name, null);
    }
    declare(tokens, i, scope);
    return scope;
  });
}

/** The innermost scope that declares `name`, seen from `scope`. */
export function declaredIn(name: string, scope: Scope): Scope | null {
  let owner: Scope | null = scope;
  while (owner && !owner.names.has(name)) owner = owner.parent;
  return owner;
}

const blockHeaders = new Set(["if", "for", "while", "switch", "with", "catch"]);

function opens(tokens: Token[], i: number): { end: number; later: boolean; parameters: string[] } | null {
  const { text, close = tokens.length } = tokens[i]!;
  const endOf = (bracket: number) => tokens[bracket]?.close ?? tokens.length;
  if (text === "{") return { end: close, later: false, parameters: [] };
  if (
    text === "class" &&
    tokens[i - 1]?.text !== "." &&
    /^[\p{ID_Start}$_{]/u.test(tokens[i + 1]?.text ?? "")
  ) {
    return { end: endOf(skipTo(tokens, i + 1, "{")), later: true, parameters: [] };
  }
  if (text !== "(") return null;

  const isArrow = tokens[close + 1]?.text === "=>";
  const body = isArrow ? close + 2 : close + 1;
  const isBlock = tokens[body]?.text === "{";
  const header = tokens[tokens[i - 1]?.text === "await" ? i - 2 : i - 1]?.text ?? "";
  if (!isArrow && blockHeaders.has(header)) {
    const parameters = header === "catch" && isBlock ? boundNames(tokens, i, close) : [];
    return { end: isBlock ? endOf(body) : skipTo(tokens, body, ";"), later: false, parameters };
  }
  if (!isArrow && !isBlock) return null;
  const end = isBlock ? endOf(body) : skipTo(tokens, body, ",", ";") - 1;
  const isNamed = tokens[tokens[i - 2]?.text === "*" ? i - 3 : i - 2]?.text === "function";
  const name = isNamed ? [tokens[i - 1]!.text] : [];
  return { end, later: true, parameters: [...name, ...boundNames(tokens, i, close)] };
}

const declaringWords = new Set(["const", "let", "var", "using"]);

/** Adds what is declared at `i`. Not exact about `var`, whose names it takes to end with their block. */
function declare(tokens: Token[], i: number, scope: Scope): void {
  const keyword = tokens[i]!.text;
  if (keyword === "function" || keyword === "class") {
    const name = tokens[tokens[i + 1]?.text === "*" ? i + 2 : i + 1];
    if (name && isWord(name)) {
      // A class stands in the scope that it opens.
      const around = keyword === "class" ? scope.parent : scope;
      if (beginsStatement(tokens, i)) around?.names.set(name.text, null);
      if (keyword === "class") scope.names.set(name.text, null);
    }
  }
  if (!declaringWords.has(keyword)) return;
  let next = i;
  do {
    const target = tokens[++next];
    if (target?.text === "{" || target?.text === "[") {
      for (const name of boundNames(tokens, next, target.close ?? next)) scope.names.set(name, null);
    } else if (target && isWord(target)) {
      const [sign, literal, after] = tokens.slice(next + 1, next + 4);
      const isConstant =
        keyword === "const" && sign?.text === "=" && (after?.text === ";" || after?.text === ",");
      scope.names.set(target.text, isConstant ? (literal?.value ?? null) : null);
    } else {
      return;
    }
    next = skipTo(tokens, next, ",", ";");
  } while (tokens[next]?.text === ",");
}

/** Whether a function or class is a declaration, which has its name in the scope around it; else it is an expression. */
function beginsStatement(tokens: Token[], i: number): boolean {
  const before = tokens[tokens[i - 1]?.text === "async" ? i - 2 : i - 1];
  return !before || [";", "{", "}", ")", "export", "default"].includes(before.text);
}

/** The names that a list of parameters or a pattern binds. Takes names in default values for bound ones as well. */
function boundNames(tokens: Token[], open: number, close: number): string[] {
  const inside = tokens.slice(open + 1, close);
  const isBound = (token: Token, i: number) =>
    isWord(token) && inside[i - 1]?.text !== "." && ![":", "(", "."].includes(inside[i + 1]?.text ?? "");
  return inside.filter(isBound).map((token) => token.text);
}

/** The first index from `i` on that stands at the same depth and is one of `stops`, or closes the bracket around. */
export function skipTo(tokens: Token[], i: number, ...stops: string[]): number {
  let at = i;
  for (; at < tokens.length; at++) {
    const { text, close } = tokens[at]!;
    if (stops.includes(text) || text === ")" || text === "]" || text === "}") return at;
    if (close !== undefined) at = close;
  }
  return at;
}

function isWord(token: Token): boolean {
  return /^[\p{ID_Start}$_]/u.test(token.text);
}
