import { task } from "nuvom";

const nested = `task("no") ${`${`task('no') ${"}"}`} "`} \` ${{ a: "`" }.a} '`;
const html = (s: TemplateStringsArray) => s;
const tagged = html`<a onclick='task("no")'>${[1, 2].map((n) => `<b>${n}</b>`)}</a>`;
export const list = `${[task("templates.inside", () => 1)]}`;
task("templates.end", () => nested);
const regex = `${/'/.test("`") ? 1 : 2}"`;
task("templates.after-regex", () => regex);
