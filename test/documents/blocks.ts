/** A fenced block of a document, and the comment right above it, which readers do not see. */
export interface Block {
  /** Where it begins, such as `README.md:12`. */
  place: string;
  language: string;
  text: string;
  note: string;
}

/** All fenced blocks of a document, in order. */
export function blocksOf(markdown: string, name: string): Block[] {
  const fenced = /(?:^<!-- (.*?) -->\n+)?^( *)```(\w*)\n([\s\S]*?)^\2```$/gm;
  return [...markdown.matchAll(fenced)].map(
    ({ index, 1: note = "", 2: indent = "", 3: language = "", 4: text = "" }) => {
      const line = markdown.slice(0, index).split("\n").length;
      return {
        place: `${name}:${line}`,
        language,
        note,
        text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
      };
    },
  );
}

/** The name of the file that a block is, by a comment in its first line or by the note above it. */
export function fileOf({ text, note }: Block): string | null {
  const [, inText] = /^(?:\/\/|#|;) ([\w./-]+\.\w+|[\w./-]*Dockerfile)\n/.exec(text) ?? [];
  const [, inNote] = /^file: (\S+)$/.exec(note) ?? [];
  return inText ?? inNote ?? null;
}
