/** One word, sign or literal of a program. */
export interface Token {
  /** The word or sign; empty for a literal, whose content could look like either. */
  text: string;
  /** What a string, or a stretch of a template, stands for. */
  value: string | null;
  /** For an opening bracket, the index of the token that closes it. */
  close?: number;
}

const blank = /(?:\s+|\/\/[^\n]*|\/\*.*?\*\/)+/sy;
const word = /[#\p{ID_Continue}$\u200c\u200d]+/uy;
const sign = /=>|\+\+|--|\.\.\.|\?\.(?!\d)|./suy;
const valueEnd = new Set([")", "]", "}", "++", "--"]);
const wordsBeforeRegex = new Set(
  "return typeof case in delete void throw new instanceof do else extends default yield await".split(" "),
);

/**
 * Splits the output of `Bun.Transpiler` into tokens. It is no tokenizer for programs that people wrote: it relies on
 * types and JSX being gone, and on a slash that begins a line never being a division, which settles what a grammar
 * would be needed for otherwise.
 */
export function tokenize(code: string): Token[] {
  const tokens: Token[] = [];
  const open: number[] = [];
  let at = 0;

  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const text = pattern.exec(code)?.[0] ?? "";
    at += text.length;
    return text;
  };
  const literal = (end: number, value: string | null): void => {
    tokens.push({ text: "", value });
    at = end;
  };
  /** A stretch of a template, up to its end or its next substitution; `start` follows the "`" or "}". */
  const template = (start: number): void => {
    const end = literalEnd(code, start, "`");
    literal(end + 1, cook(code.slice(start, end)));
    if (code[end] !== "$") return;
    at = end + 2;
    open.push(tokens.push({ text: "${", value: null }) - 1);
  };

  while (at < code.length) {
    const firstOnLine = at === 0 || take(blank).includes("\n");
    if (at === code.length) break;
    const char = code[at]!;
    if (char === '"' || char === "'") {
      const end = literalEnd(code, at + 1, char);
      literal(end + 1, cook(code.slice(at + 1, end)));
    } else if (char === "`") {
      template(at + 1);
    } else if (char === "/" && (firstOnLine || regexMayFollow(tokens)) && regexEnd(code, at) > at) {
      literal(regexEnd(code, at), null);
      take(word);
    } else {
      const text = take(word) || take(sign);
      const index = tokens.push({ text, value: null }) - 1;
      if (text === "(" || text === "[" || text === "{") open.push(index);
      if (text !== ")" && text !== "]" && text !== "}") continue;
      const opening = tokens[open.pop() ?? -1];
      if (opening) opening.close = index;
      if (opening?.text === "${") template(at);
    }
  }
  return tokens;
}

function regexMayFollow(tokens: Token[]): boolean {
  const last = tokens.at(-1);
  if (!last || last.text === "${") return true;
  if (last.text === "") return false;
  if (!/^[#\p{ID_Continue}$]/u.test(last.text)) return !valueEnd.has(last.text);
  return wordsBeforeRegex.has(last.text) && tokens.at(-2)?.text !== ".";
}

/** The index behind the closing slash, or `start` if there is none on the line. */
function regexEnd(code: string, start: number): number {
  let inClass = false;
  for (let i = start + 1; i < code.length && code[i] !== "\n"; i++) {
    const char = code[i];
    if (char === "\\") i++;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if (char === "/" && !inClass) return i + 1;
  }
  return start;
}

/** The index of the quote that ends a literal, or of the first substitution of a template. */
function literalEnd(code: string, start: number, quote: string): number {
  let i = start;
  while (i < code.length && code[i] !== quote && !(quote === "`" && code.startsWith("${", i))) {
    i += code[i] === "\\" ? 2 : 1;
  }
  return i;
}

const shortEscapes: Record<string, string> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
  "\n": "",
};

function cook(raw: string): string {
  if (!raw.includes("\\")) return raw;
  return raw.replace(
    /\\(?:u\{([\da-fA-F]+)\}|u([\da-fA-F]{4})|x([\da-fA-F]{2})|(.))/gs,
    (_, braced, four, two, char) =>
      char === undefined
        ? String.fromCodePoint(Number.parseInt(braced ?? four ?? two, 16))
        : (shortEscapes[char] ?? char),
  );
}
