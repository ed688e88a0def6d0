import { dirname, resolve } from "node:path";
import type { Members } from "./bindings.ts";
import type { FileRecord } from "./cache.ts";
import { importsOf, type Links } from "./scan.ts";

/** Finds out which files import `task` from a file of the project that exports it. */
export function linking(
  places: Map<string, string>,
  records: Map<string, FileRecord>,
  oldExported: string[],
  bytesOf: (path: string) => Buffer,
) {
  const exporters = new Map<string, Members>();
  for (const [path, { exports = {} }] of records) {
    if (Object.keys(exports).length > 0) exporters.set(places.get(path)!, exports);
  }
  const exported = [...new Set([...exporters.values()].flatMap(Object.keys))].sort();
  const isKnown = Bun.deepEquals(exported, oldExported);
  const real = new Set(places.values());

  const importsIn = (path: string): string[] => {
    const bytes = bytesOf(path);
    const mayImport = exported.some((name) => name === "default" || bytes.includes(name));
    return mayImport ? importsOf(bytes.toString(), path, new Set(exported)) : [];
  };
  const linksOf = (path: string): { imports: { imports?: string[] }; links: Links } => {
    if (exporters.size === 0) return { imports: {}, links: {} };
    const imports = (isKnown && records.get(path)!.imports) || importsIn(path);
    const linked = imports.flatMap((specifier) => {
      const members = exporters.get(
        moduleFile(specifier, places.get(path)!, (place) => real.has(place)) ?? "",
      );
      return members ? [[specifier, members] as const] : [];
    });
    return { imports: { imports }, links: Object.fromEntries(linked) };
  };
  return { exported, linksOf };
}

/** In the order in which Bun tries them. */
const endings = [".tsx", ".jsx", ".mts", ".ts", ".mjs", ".js", ".cts", ".cjs"];

/**
 * The file that an import leads to, if there is one. Bun's own answers are only used for names of packages and for
 * paths of a `tsconfig.json`, as it remembers them for as long as the program runs.
 */
function moduleFile(
  specifier: string,
  importer: string,
  isFile: (place: string) => boolean,
): string | undefined {
  const folder = dirname(importer);
  if (!/^(?:\.{0,2}\/|\.{1,2}$)/.test(specifier)) {
    try {
      return Bun.resolveSync(specifier, folder);
    } catch {
      return undefined;
    }
  }
  const target = resolve(folder, specifier);
  const asFile = ["", ...endings].map((ending) => target + ending);
  const asTypescript = [target.replace(/\.([cm]?)jsx?$/, ".$1ts"), target.replace(/\.jsx?$/, ".tsx")];
  const asFolder = endings.map((ending) => `${target}/index${ending}`);
  return [...(specifier.endsWith("/") ? [] : [...asFile, ...asTypescript]), ...asFolder].find(isFile);
}
