/** Renders the documentation that the `bun-types` package ships to HTML: one job a page, in isolated processes. */
import { rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Nuvom, startWorker, useClient } from "nuvom";
import { Progress, summary, Tally } from "./report.ts";
import { announce, index, render } from "./tasks/pages.ts";

const folder = resolve(process.argv[2] ?? join(import.meta.dir, "site"));
const database = join(folder, "jobs.db");
for (const end of ["", "-wal", "-shm"]) rmSync(database + end, { force: true });

const nuvom = useClient(new Nuvom({ storage: `sqlite:${database}` }));
const documentation = join(dirname(Bun.resolveSync("bun-types/package.json", import.meta.dir)), "docs");
const sources = [...new Bun.Glob("**/*.{md,mdx}").scanSync(documentation)].sort();
console.log(`Rendering ${sources.length} pages of ${documentation}`);

const began = performance.now();
const jobs = await render.enqueueMany(
  sources.map((source) => ({
    source: join(documentation, source),
    folder,
    path: source.replace(/\.mdx?$/, ".html"),
  })),
);
const announcement = await announce.enqueue({ text: `${sources.length} pages` });

const tally = new Tally();
const worker = await startWorker({
  storage: `sqlite:${database}`,
  root: import.meta.dir,
  onEvent: tally.note,
});
const progress = new Progress(sources.length);
const pages = await Promise.all(
  jobs.map(async (job) => {
    const page = await job.result();
    progress.advance();
    return page;
  }),
);
const site = await (await index.enqueue({ folder, pages })).result();
console.log(`${await announcement.result()} (it failed twice on purpose)`);
await worker.stop();
await nuvom.close();

console.log(`\n${summary(tally)}\n`);
console.log(
  `${site.pages} pages with ${site.words.toLocaleString("en")} words in ${((performance.now() - began) / 1000).toFixed(1)} s`,
);
console.log(`Open ${join(folder, "index.html")}; the jobs are in ${database}:`);
console.log(`  bun cli/main.ts jobs --storage sqlite:${database}`);
