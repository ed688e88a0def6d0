import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { type IgnoreRule, isIgnored, parseIgnore } from "./ignore.ts";
import type { DiscoveryProblem } from "./scan.ts";
import { isSource } from "./source.ts";

const skippedFolders = new Set(["node_modules", "dist", "build", "out", "coverage"]);
const ignoreFiles = [".gitignore", ".nuvomignore"];

/** Which files of a project may define tasks. */
export interface Area {
  /** Folders, files or patterns as `Bun.Glob` has them, relative to the root; all that is below the root unless given. */
  include?: readonly string[] | undefined;
  /** Patterns as in `.gitignore`, relative to the root. */
  exclude?: readonly string[] | undefined;
}

/**
 * The real paths of all source files of an area by their paths relative to `root`, in the order of those, and the
 * folders that were searched. Leaves out
 * `node_modules`, dot folders, build output and what `.gitignore` or `.nuvomignore` exclude, also those of folders
 * further up in the repository. What `include` names itself is never left out, and symbolic links below it are not
 * followed, so that no file is found twice.
 */
export function sourceFiles(
  root: string,
  { include = ["."], exclude = [] }: Area,
): { files: Map<string, string>; folders: string[]; problems: DiscoveryProblem[] } {
  const folders: string[] = [];
  const files = new Map<string, string>();
  const problems: DiscoveryProblem[] = [];
  const attempt = (path: string, work: () => void) => {
    try {
      work();
    } catch (error) {
      problems.push(unreadable(relative(root, path), error));
    }
  };

  for (const pattern of include) {
    const { start, matches } = placesOf(pattern);
    const named = resolve(root, start);
    attempt(named, () => {
      const top = realpathSync(root);
      const base = realpathSync(named);
      const excluded = parseIgnore(exclude.join("\n"), `${top}/`);
      const path = relative(top, base).replaceAll(sep, "/");
      if (base !== top && !statSync(base).isDirectory()) {
        files.set(path, base);
        return;
      }
      const prefix = path && `${path}/`;
      const visit = (folder: string, above: IgnoreRule[]) => {
        folders.push(folder);
        const entries = readdirSync(folder, { withFileTypes: true });
        const rules = [...above, ...rulesIn(folder, entries)];
        const isLeftOut = (below: string, isDirectory: boolean) =>
          isIgnored(rules, `${base}/${below}`, isDirectory) ||
          // As seen from the root, also where that leads out of it.
          isIgnored(excluded, `${top}/${prefix}${below}`, isDirectory);
        for (const entry of entries) {
          const place = `${folder}/${entry.name}`;
          const below = place.slice(base.length + 1);
          if (entry.isDirectory()) {
            if (entry.name.startsWith(".") || skippedFolders.has(entry.name)) continue;
            if (!isLeftOut(below, true)) attempt(place, () => visit(place, rules));
          } else if (entry.isFile() && isSource(entry.name) && matches(below) && !isLeftOut(below, false)) {
            files.set(prefix + below, place);
          }
        }
      };
      visit(base, rulesAbove(base, top));
    });
  }
  return { files: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))), folders, problems };
}

/** The folder or file that a pattern begins with, and which paths below it belong to it. */
function placesOf(pattern: string): { start: string; matches: (path: string) => boolean } {
  const parts = pattern.split("/");
  const first = parts.findIndex((part) => /[*?[{]/.test(part));
  if (first === -1) return { start: pattern, matches: () => true };
  const rest = parts.slice(first).join("/");
  const globs = [new Bun.Glob(rest), new Bun.Glob(`${rest}/**`)];
  return {
    start: parts.slice(0, first).join("/") + (pattern.startsWith("/") ? "/" : ""),
    matches: (path) => globs.some((glob) => glob.match(path)),
  };
}

/** The rules of the folders above one, up to the top of its git repository, or else to the root if it lies below that. */
function rulesAbove(folder: string, root: string): IgnoreRule[] {
  const chain = [folder];
  while (dirname(chain[0]!) !== chain[0]) chain.unshift(dirname(chain[0]!));
  const top = chain.findLast((each) => existsSync(`${each}/.git`)) ?? root;
  if (!chain.includes(top)) return [];
  return chain
    .slice(chain.indexOf(top), -1)
    .flatMap((each) => rulesIn(each, readdirSync(each, { withFileTypes: true })));
}

function rulesIn(folder: string, entries: { name: string; isFile(): boolean }[]): IgnoreRule[] {
  return ignoreFiles.flatMap((name) =>
    entries.some((entry) => entry.name === name && entry.isFile())
      ? parseIgnore(readFileSync(`${folder}/${name}`, "utf8"), `${folder}/`)
      : [],
  );
}

export function unreadable(file: string, error: unknown): DiscoveryProblem {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    file,
    unread: true,
    line: 1,
    message: `cannot be read (${reason}): make it readable, or exclude it in .nuvomignore`,
  };
}
