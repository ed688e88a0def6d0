import { extname } from "node:path";

const loaders: Record<string, Bun.JavaScriptLoader> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".js": "jsx",
  ".jsx": "jsx",
  ".mjs": "js",
  ".cjs": "js",
};

/** Declarations, and what `bun test` takes for tests: a task in one is a part of the test. */
const noSource = /\.d\.[mc]?ts$|[._](?:test|spec)\.\w+$/;

/** Whether a file of this name is a program that may define tasks. */
export function isSource(name: string): boolean {
  return extname(name) in loaders && !noSource.test(name);
}

const transpilers = new Map<Bun.JavaScriptLoader, Bun.Transpiler>();

function transpilerFor(file: string): Bun.Transpiler {
  const loader = loaders[extname(file)] ?? "ts";
  let transpiler = transpilers.get(loader);
  if (!transpiler) {
    transpiler = new Bun.Transpiler({
      loader,
      deadCodeElimination: false,
      logLevel: "error",
      // Otherwise macros run while a file is transpiled. `false` works, but is missing in Bun's types.
      macro: false as unknown as Record<string, Record<string, string>>,
    });
    transpilers.set(loader, transpiler);
  }
  return transpiler;
}

/** Makes an import of a macro an ordinary one, since the transpiler refuses a file that calls a macro it may not run. */
function withoutMacros(source: string): string {
  return source.replace(/(\btype["']?\s*:\s*["'])macro(?=["'])/g, "$1not-run");
}

/** The same program as plain JavaScript in one formatting. Never runs it; throws what `Bun.Transpiler` throws. */
export function normalise(source: string, file: string): string {
  return transpilerFor(file).transformSync(withoutMacros(source));
}

const lineMark = "$nuvom$line$";

/** Space and comments, as a capture, which makes it one piece: else a row of slashes could be read in countless ways. */
const gap = "(?=((?:\\s|/\\*.*?\\*/|//[^\\n]*)*))\\1";

/**
 * Renames every use of `names` that may begin a call so that it carries its line, because the transpiler does not
 * tell where its output came from. Exported and private names keep their spelling: the parser checks that those are
 * declared.
 */
export function markLines(source: string, names: Iterable<string>): string {
  const anyName = [...names].map((name) => RegExp.escape(name)).join("|");
  const call = `${gap}(?:[(<)!.]|[?][.]|(?<assertion>as|satisfies)\\b)`;
  const use = new RegExp(`(?<![#$\\w\u0080-\uffff])(?:${anyName})(?=${call})`, "gs");
  let line = 1;
  let counted = 0;
  return source.replace(use, (name, ...match) => {
    const [offset, , { assertion }] = match.slice(-3);
    if (assertion && source.slice(0, offset).trimEnd().at(-1) !== "(") return name;
    for (; counted < offset; counted++) if (source[counted] === "\n") line++;
    return name + lineMark + line;
  });
}

/** The text without its marks, and the line of the first. */
export function readMark(text: string): { text: string; line: number | null } {
  if (!text.includes(lineMark)) return { text, line: null };
  const [plain = "", ...marked] = text.split(lineMark);
  const line = Number.parseInt(marked[0]!, 10);
  return { text: plain + marked.map((part) => part.replace(/^\d+/, "")).join(""), line };
}
