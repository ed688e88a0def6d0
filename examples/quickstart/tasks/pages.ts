import { basename, dirname, join } from "node:path";
import { task } from "nuvom";
import { z } from "zod";

export interface Page {
  title: string;
  path: string;
  words: number;
}

/** Renders one Markdown file to HTML. */
export const render = task("page.render", {
  input: z.object({ source: z.string(), folder: z.string(), path: z.string() }),
  timeout: "10s",
  async run({ source, folder, path }): Promise<Page> {
    const [, matter = "", markdown = ""] =
      /^(?:---\n(.*?)\n---\n)?(.*)$/s.exec(await Bun.file(source).text()) ?? [];
    const title = /^title:\s*["']?(.*?)["']?$/m.exec(matter)?.[1] ?? basename(path, ".html");
    await Bun.write(join(folder, path), html(title, Bun.markdown.html(markdown)));
    return { title, path, words: markdown.split(/\s+/).length };
  },
});

/** Writes the start page and the search index of the pages that were rendered. */
export const index = task("site.index", {
  input: z.object({
    folder: z.string(),
    pages: z.array(z.object({ title: z.string(), path: z.string(), words: z.number() })),
  }),
  async run({ folder, pages }) {
    const sorted = pages.toSorted((a, b) => a.path.localeCompare(b.path));
    const links = sorted.map(
      ({ title, path }) => `<li><a href="${path}">${Bun.escapeHTML(title)}</a> ${dirname(path)}</li>`,
    );
    await Bun.write(join(folder, "index.html"), html("All pages", `<ul>\n${links.join("\n")}\n</ul>`));
    await Bun.write(join(folder, "search.json"), JSON.stringify(sorted));
    return { pages: pages.length, words: pages.reduce((sum, { words }) => sum + words, 0) };
  },
});

/** Stands for a service that is down for a while: it fails twice and is retried until it works. */
export const announce = task("site.announce", {
  retry: { attempts: 5, base: "200ms" },
  async run({ text }: { text: string }, { attempt }) {
    if (attempt < 3) throw new Error(`the announcement service said 503 to attempt ${attempt}`);
    return `announced: ${text}`;
  },
});

function html(title: string, body: string): string {
  return `<!doctype html>\n<meta charset="utf-8">\n<title>${Bun.escapeHTML(title)}</title>\n${body}\n`;
}
