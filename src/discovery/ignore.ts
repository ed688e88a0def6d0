/** One line of a `.gitignore`. */
export interface IgnoreRule {
  negated: boolean;
  directoriesOnly: boolean;
  /** Matches paths relative to the project root, separated by slashes. */
  pattern: RegExp;
}

/** Reads a file in the syntax of `.gitignore`. `base` is its folder: empty, or relative to the root with a slash at the end. */
export function parseIgnore(text: string, base: string): IgnoreRule[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .flatMap((line) => {
      const glob = line.replace(/(?<!\\) +$/, "");
      if (glob === "" || glob.startsWith("#")) return [];
      const negated = glob.startsWith("!");
      const directoriesOnly = glob.endsWith("/");
      const path = glob.slice(negated ? 1 : 0, directoriesOnly ? -1 : undefined);
      const anywhere = path.includes("/") ? "" : "(?:.*/)?";
      try {
        const pattern = new RegExp(
          `^${RegExp.escape(base)}${anywhere}${toPattern(path.replace(/^\//, ""))}$`,
        );
        return [{ negated, directoriesOnly, pattern }];
      } catch {
        return []; // such as the range [z-a]
      }
    });
}

/** Whether the rules exclude a path; the last one that matches decides. */
export function isIgnored(rules: IgnoreRule[], path: string, isDirectory: boolean): boolean {
  const rule = rules.findLast((r) => (isDirectory || !r.directoriesOnly) && r.pattern.test(path));
  return rule !== undefined && !rule.negated;
}

function toPattern(glob: string): string {
  return glob.replace(
    /\\(.)|(?<=^|\/)\*\*(\/|$)|\*+|\?|\[([!^]?)((?:\\.|[^\]\\])+)\]|./g,
    (part, escaped, folders, negation, characters) => {
      if (escaped !== undefined) return RegExp.escape(escaped);
      if (folders !== undefined) return folders === "/" ? "(?:.*/)?" : ".+";
      if (characters !== undefined) return `(?!/)[${negation && "^"}${characters}]`;
      if (part.startsWith("*")) return "[^/]*";
      return part === "?" ? "[^/]" : RegExp.escape(part);
    },
  );
}
