import { dirname, resolve } from "node:path";

/** In the order in which Bun tries them. */
const endings = [".tsx", ".jsx", ".mts", ".ts", ".mjs", ".js", ".cts", ".cjs"];

/**
 * The file that an import leads to, if there is one. Bun's own answers are only used for names of packages and for
 * paths of a `tsconfig.json`, as it remembers them for as long as the program runs.
 */
export function moduleFile(
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
